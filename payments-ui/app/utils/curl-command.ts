import type { Payment } from '#shared/types/payment'

/** The API's address as a shell has it: the console does not tell where the API is, only where it is by default. */
const API = '"${' + 'PAYMENTS_API:-http://localhost:3001}'

/** A shell command that reads this payment from the API. */
export function curlToRead({ id }: Payment): string {
  return `curl -s ${API}/payments/${id}"`
}

/** A shell command that makes another payment like this one. */
export function curlToCreate({ accountId, amount, currency, description }: Payment): string {
  const body = JSON.stringify({ accountId, amount, currency, description })
  return [
    `curl -s -X POST ${API}/payments"`,
    '  -H "Idempotency-Key: $(uuidgen)"',
    `  -H 'Content-Type: application/json'`,
    `  -d ${inShell(body)}`,
  ].join(' \\\n')
}

/** A text in single quotes, in which a shell takes everything but the quote itself as it is. */
function inShell(text: string): string {
  return `'${text.replaceAll('\'', String.raw`'\''`)}'`
}

import type { Payment } from '#shared/types/payment'

/** The API's URL for a shell. The console does not reveal the real URL, so the command falls back to the default. */
const API = '"${' + 'PAYMENTS_API:-http://localhost:3001}'

/** Returns a shell command that reads this payment from the API. */
export function curlToRead({ id }: Payment): string {
  return `curl -s ${API}/payments/${id}"`
}

/** Returns a shell command that creates a payment with the same values. */
export function curlToCreate({ accountId, amount, currency, description }: Payment): string {
  const body = JSON.stringify({ accountId, amount, currency, description })
  return [
    `curl -s -X POST ${API}/payments"`,
    '  -H "Idempotency-Key: $(uuidgen)"',
    `  -H 'Content-Type: application/json'`,
    `  -d ${quoteForShell(body)}`,
  ].join(' \\\n')
}

/** Quotes a text for a shell. Within single quotes, only the quote itself is special. */
function quoteForShell(text: string): string {
  return `'${text.replaceAll('\'', String.raw`'\''`)}'`
}

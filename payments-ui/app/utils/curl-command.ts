import type { Payment } from '#shared/types/payment'

/** Returns a shell command that reads this payment from the API at this URL. */
export function curlToRead(api: string, { id }: Payment): string {
  return `curl -s ${quoteForShell(`${api}/payments/${id}`)}`
}

/** Returns a shell command that creates a payment with the same values. */
export function curlToCreate(api: string, { accountId, amount, currency, description }: Payment): string {
  const body = escapeInvisible(JSON.stringify({ accountId, amount, currency, description }))
  return [
    `curl -s -X POST ${quoteForShell(`${api}/payments`)}`,
    '  -H "Idempotency-Key: $(uuidgen)"',
    `  -H 'Content-Type: application/json'`,
    `  -d ${quoteForShell(body)}`,
  ].join(' \\\n')
}

/** Escapes the characters of a JSON text that reorder or hide what is around them, such as U+202E. */
function escapeInvisible(json: string): string {
  return json.replaceAll(/\p{Cf}/gu, character => character.split('').map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''))
}

/** Quotes a text for a shell. Within single quotes, only the quote itself is special. */
function quoteForShell(text: string): string {
  return `'${text.replaceAll('\'', String.raw`'\''`)}'`
}

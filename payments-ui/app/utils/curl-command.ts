import type { Payment } from '#shared/types/payment'
import type { Refund } from '#shared/types/refund'

/** Returns a shell command that reads this payment from the API at this URL. */
export function curlToRead(api: string, { id }: Payment): string {
  return `curl -s ${quoteForShell(`${api}/payments/${id}`)}`
}

/** Returns a shell command that creates a payment with the same values. */
export function curlToCreate(api: string, { accountId, amount, currency, description }: Payment): string {
  return curlToPost(`${api}/payments`, { accountId, amount, currency, description })
}

/** Returns a shell command that reads this refund from the API at this URL. */
export function curlToReadRefund(api: string, { id }: Pick<Refund, 'id'>): string {
  return `curl -s ${quoteForShell(`${api}/refunds/${id}`)}`
}

/** Returns a shell command that refunds the same amount of the same payment. */
export function curlToRefund(api: string, { paymentId, amount, reason }: Pick<Refund, 'paymentId' | 'amount' | 'reason'>): string {
  return curlToPost(`${api}/payments/${paymentId}/refunds`, { amount, reason })
}

function curlToPost(url: string, body: object): string {
  return [
    `curl -s -X POST ${quoteForShell(url)}`,
    '  -H "Idempotency-Key: $(uuidgen)"',
    `  -H 'Content-Type: application/json'`,
    `  -d ${quoteForShell(escapeInvisible(JSON.stringify(body)))}`,
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

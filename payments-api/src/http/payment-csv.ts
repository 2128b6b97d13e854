import type { PaymentRow } from '../sql/list-payments.ts'
import { paymentJson } from './payment-json.ts'

const COLUMNS = [
  'id',
  'createdAt',
  'accountId',
  'amount',
  'currency',
  'status',
  'outcome',
  'discrepancyAmount',
  'description',
] as const

/** The first line of the file. Lines end as RFC 4180 says. */
export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`

/**
 * A payment as a line of CSV (RFC 4180). A description that a spreadsheet would take for a formula gets an apostrophe
 * before it. Source: OWASP, CSV Injection.
 */
export function csvLine(row: PaymentRow): string {
  const payment = paymentJson(row)
  return `${COLUMNS.map((column) => {
    const value = payment[column]
    if (value === null)
      return ''
    if (column === 'description') {
      return quote(/^[=+\-@\t\r\n]/.test(payment.description) ? `'${payment.description}` : payment.description)
    }
    return value
  }).join(',')}\r\n`
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

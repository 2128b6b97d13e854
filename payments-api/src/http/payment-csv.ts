import type { PaymentRow } from '../sql/walk-payments.ts'
import { csvRow, csvText } from './csv.ts'
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
  'refundedAmount',
] as const

const AMOUNTS: readonly string[] = ['amount', 'discrepancyAmount', 'refundedAmount']

/** The first line of the file. */
export const CSV_HEADER = csvRow(COLUMNS)

/** A payment as a line of CSV. */
export function csvLine(row: PaymentRow): string {
  const payment = paymentJson(row)
  return csvRow(COLUMNS.map((column) => {
    const value = payment[column] ?? ''
    // A negative amount is not escaped as a formula, so that a spreadsheet can add it up.
    return AMOUNTS.includes(column) ? value : csvText(value)
  }))
}

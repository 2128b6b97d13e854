import type { Knex } from 'knex'
import type { AccountAt } from '../sql/account-at.ts'
import type { AccountRow } from '../sql/list-accounts.ts'
import { balanceText } from '../domain/money.ts'
import { listEntries } from '../sql/list-entries.ts'
import { csvRow } from './csv.ts'

/** Entries that the export reads at a time. */
const PAGE = 1_000

/** The lines of a statement as CSV, oldest first: the opening balance, the entries of the versions from `start` to `end`, the closing balance. */
export async function* statementLines(db: Knex, { account, start, end }: { account: AccountRow, start: AccountAt, end: AccountAt }): AsyncGenerator<string> {
  // No cell is text of a caller: ids of accounts and payments, times and amounts need no quotes.
  const balanceLine = (what: string, balance: string): string => csvRow(['', what, '', '', account.currency, balanceText(balance, account.currency), ''])
  yield csvRow(['postedAt', 'entry', 'paymentId', 'amount', 'currency', 'balance', 'refundId'])
  yield balanceLine('opening balance', start.balance)
  for (let after = start.version; ;) {
    const rows = await listEntries(db, { accountId: account.id, limit: PAGE, after, before: String(BigInt(end.version) + 1n), first: 'oldest' })
    yield rows.map(row => csvRow([row.created_at, row.entry_type, row.refund_of ?? row.payment_id, signed(row.entry_type, row.amount), row.currency, row.balance_after, row.refund_of ? row.payment_id : ''])).join('')
    if (rows.length < PAGE)
      break
    after = rows.at(-1)!.account_version
  }
  yield balanceLine('closing balance', end.balance)
}

/** A debit lowers an account's balance. */
function signed(entryType: string, amount: string): string {
  return entryType === 'debit' ? `-${amount}` : amount
}

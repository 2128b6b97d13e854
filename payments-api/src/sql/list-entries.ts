import type { Knex } from 'knex'

export interface EntryRow {
  /** The payment or refund whose posting this is. */
  payment_id: string
  /** The payment that it refunds; null for a payment. */
  refund_of: string | null
  entry_type: 'credit' | 'debit'
  account_id: string
  currency: string
  amount: string
  balance_after: string
  account_version: string
  created_at: string
}

export interface EntryRange {
  accountId: string
  limit: number
  /** Only versions after this one. */
  after?: string | undefined
  /** Only versions before this one. */
  before?: string | undefined
  /** Default: newest. */
  first?: 'newest' | 'oldest'
}

/** Looks up refunds only: they debit a customer and credit a settlement account, and payments the other way round. */
const REFUND_OF_ENTRY = `left join lateral (
  select refund_of from payments
   where id = e.payment_id and (e.entry_type = 'debit') = (position(':' in e.account_id) = 0)
   limit 1) p on true`

/** An account's ledger entries in a range of its versions. */
export async function listEntries(db: Knex, { accountId, limit, after, before, first = 'newest' }: EntryRange): Promise<EntryRow[]> {
  const query = db('ledger_entries as e').joinRaw(REFUND_OF_ENTRY).where('e.account_id', accountId).orderBy('e.account_version', first === 'newest' ? 'desc' : 'asc').limit(limit)
  if (after !== undefined)
    void query.where('e.account_version', '>', after)
  if (before !== undefined)
    void query.where('e.account_version', '<', before)
  return await query.select('e.payment_id', 'p.refund_of', 'e.entry_type', 'e.account_id', 'e.currency', 'e.amount', 'e.balance_after', 'e.account_version', 'e.created_at') as EntryRow[]
}

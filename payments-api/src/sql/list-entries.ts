import type { Knex } from 'knex'

export interface EntryRow {
  payment_id: string
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

/** An account's ledger entries in a range of its versions. */
export async function listEntries(db: Knex, { accountId, limit, after, before, first = 'newest' }: EntryRange): Promise<EntryRow[]> {
  const query = db('ledger_entries').where('account_id', accountId).orderBy('account_version', first === 'newest' ? 'desc' : 'asc').limit(limit)
  if (after !== undefined)
    void query.where('account_version', '>', after)
  if (before !== undefined)
    void query.where('account_version', '<', before)
  return await query.select('payment_id', 'entry_type', 'account_id', 'currency', 'amount', 'balance_after', 'account_version', 'created_at') as EntryRow[]
}

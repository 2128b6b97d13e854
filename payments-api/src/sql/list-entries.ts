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

/** An account's ledger entries before version `before`, newest first. */
export async function listEntries(db: Knex, { accountId, limit, before }: { accountId: string, limit: number, before?: string | undefined }): Promise<EntryRow[]> {
  const query = db('ledger_entries').where('account_id', accountId).orderBy('account_version', 'desc').limit(limit)
  if (before !== undefined)
    void query.where('account_version', '<', before)
  return await query.select('payment_id', 'entry_type', 'account_id', 'currency', 'amount', 'balance_after', 'account_version', 'created_at') as EntryRow[]
}

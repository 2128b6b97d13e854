import type { Knex } from 'knex'

export interface AccountRow {
  id: string
  currency: string
  balance: string
  version: string
  created_at: string
  updated_at: string
}

/**
 * Customers' accounts whose ids begin with `prefix` in any case, ordered by id without regard to case, from after the id
 * `after`. Served by the index accounts_by_name.
 */
export async function listAccounts(db: Knex, { limit, prefix, after }: { limit: number, prefix?: string | undefined, after?: string | undefined }): Promise<AccountRow[]> {
  const query = db('accounts')
    .select('id', 'currency', 'balance', 'version', 'created_at', 'updated_at')
    .where('kind', 'customer')
    .orderByRaw('lower(id), id')
    .limit(limit)
  if (prefix) {
    const low = prefix.toLowerCase()
    void query.whereRaw('lower(id) >= ? and lower(id) < ?', [low, `${low}~`]) // ids are ASCII below "~"
  }
  if (after !== undefined)
    void query.whereRaw('(lower(id), id) > (?, ?)', [after.toLowerCase(), after])
  return await query as AccountRow[]
}

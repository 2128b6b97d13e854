import type { Knex } from 'knex'

export interface AccountRow {
  id: string
  currency: string
  balance: string
  version: string
  created_at: string
  updated_at: string
}

/** Customers' accounts ordered by id, from after the id `after`, whose ids begin with `prefix`. */
export async function listAccounts(db: Knex, { limit, prefix, after }: { limit: number, prefix?: string | undefined, after?: string | undefined }): Promise<AccountRow[]> {
  const query = db('accounts')
    .select('id', 'currency', 'balance', 'version', 'created_at', 'updated_at')
    .where('kind', 'customer')
    .orderBy('id')
    .limit(limit)
  if (prefix)
    void query.where('id', '>=', prefix).where('id', '<', `${prefix}~`) // ids are ASCII below "~"
  if (after !== undefined)
    void query.where('id', '>', after)
  return await query as AccountRow[]
}

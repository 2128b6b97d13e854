import type { Knex } from 'knex'
import type { AccountRow } from './list-accounts.ts'

/** An account with its balance, which the ledger's trigger keeps in the same row. Undefined for an unknown account. */
export async function findAccount(db: Knex, accountId: string): Promise<AccountRow | undefined> {
  const { rows } = await db.raw<{ rows: AccountRow[] }>(
    `select id, currency, balance, version, created_at, updated_at from accounts where id = ?`,
    [accountId],
  ).options({ name: 'find-account' })
  return rows[0]
}

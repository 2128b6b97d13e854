import type { Knex } from 'knex'

export interface BalanceRow {
  balance_after: string
  account_version: string
  created_at: string
}

/**
 * An account's balance after its first and its last entry and at most `points` - 2 between, evenly spaced by their number, oldest
 * first. One index look-up per point, so a busy account costs no more than a quiet one.
 */
export async function sampleBalances(db: Knex, accountId: string, points: number): Promise<BalanceRow[]> {
  const { rows } = await db.raw<{ rows: BalanceRow[] }>(`
    select e.balance_after, e.account_version, e.created_at
      from accounts a
     cross join lateral (
       select case when a.version <= ? then n else 1 + (n - 1) * (a.version - 1) / (? - 1) end as version
         from generate_series(1, least(a.version, ?)) n) sample
      join ledger_entries e on e.account_id = a.id and e.account_version = sample.version
     where a.id = ?
     order by e.account_version`, [points, points, points, accountId]).options({ name: 'sample-balances' })
  return rows
}

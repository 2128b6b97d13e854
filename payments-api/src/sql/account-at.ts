import type { Knex } from 'knex'
import type { Instant } from '../domain/instant.ts'
import { microsecondText } from '../domain/instant.ts'

/** An account as its last entry until an instant left it. */
export interface AccountAt {
  balance: string
  /** The number of its entries until then. */
  version: string
}

/**
 * An account at an instant: its last entry until then, by a binary search over its versions, whose times ascend (about 20 index
 * look-ups for a million entries). Undefined before its first entry.
 */
export async function accountAt(db: Knex, accountId: string, at: Instant): Promise<AccountAt | undefined> {
  const { rows } = await db.raw<{ rows: AccountAt[] }>(`
    with recursive search as (
      select 0::bigint as low, version as high from accounts where id = ?
      union all
      select case when e.created_at <= ?::timestamptz then middle else low end,
             case when e.created_at <= ?::timestamptz then high else middle - 1 end
        from search
       cross join lateral (select (low + high + 1) / 2 as middle) m
        join ledger_entries e on e.account_id = ? and e.account_version = middle
       where low < high)
    select e.balance_after as balance, e.account_version as version
      from search
      join ledger_entries e on e.account_id = ? and e.account_version = search.low
     where search.low = search.high`, [
    accountId,
    microsecondText(at),
    microsecondText(at),
    accountId,
    accountId,
  ]).options({ name: 'account-at' })
  return rows[0]
}

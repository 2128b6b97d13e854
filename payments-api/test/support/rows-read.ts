import type { Knex } from 'knex'

/** The index entries and table rows that one call reads, as counted by Postgres. */
export async function rowsRead(db: Knex, list: (db: Knex) => Promise<unknown>): Promise<number> {
  return await db.transaction(async (trx) => {
    const count = async (): Promise<number> => (await trx.raw<{ rows: { n: number }[] }>(`
      select sum(pg_stat_get_xact_tuples_returned(oid))::int as n from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')`)).rows[0]!.n
    const before = await count()
    await list(trx)
    return await count() - before
  })
}

import type { Knex } from 'knex'

/** The currencies of those of these accounts that exist, by account id. */
export async function findCurrencies(db: Knex, accountIds: string[]): Promise<Map<string, string>> {
  const { rows } = await db.raw<{ rows: { id: string, currency: string }[] }>(
    'select id, currency from accounts where id = any(?::text[])',
    [accountIds],
  ).options({ name: 'find-currencies' })
  return new Map(rows.map(({ id, currency }) => [id, currency]))
}

import type { Knex } from 'knex'

/** The currencies of the accounts that exist among these, by account id. */
export async function findCurrencies(db: Knex, accountIds: string[]): Promise<Map<string, string>> {
  const { rows } = await db.raw<{ rows: { id: string, currency: string }[] }>(
    'select id, currency from accounts where id = any(?::text[])',
    [accountIds],
  ).options({ name: 'find-currencies' })
  return new Map(rows.map(({ id, currency }) => [id, currency]))
}

import type { Knex } from 'knex'

/** Opens a customer's account unless it exists, and answers the currency that the account has. */
export async function openAccount(db: Knex, accountId: string, currency: string): Promise<string> {
  const { rows } = await db.raw<{ rows: { currency: string }[] }>(
    'select open_account(?, ?) as currency',
    [accountId, currency],
  ).options({ name: 'open-account' })
  return rows[0]!.currency
}

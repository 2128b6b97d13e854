import type { Knex } from 'knex'

/** The amount of the payment or refund with this id, neither of which ever changes. */
export async function findRefundTarget(db: Knex, id: string): Promise<{ amount: string, isRefund: boolean } | undefined> {
  const { rows } = await db.raw<{ rows: { amount: string, isRefund: boolean }[] }>(
    'select amount, refund_of is not null as "isRefund" from payments where id = ?',
    [id],
  ).options({ name: 'find-refund-target' })
  return rows[0]
}

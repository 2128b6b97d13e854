import type { Knex } from 'knex'
import type { ResultStatus } from '../reconcile.ts'

/** A payload has at most 7,999 bytes, and an id in it takes 39. */
const IDS_PER_PAYLOAD = 200

/**
 * Tells the APIs which payments settled, by their results' status: {"completed": [id, ...], ...}.
 * Within the transaction: Postgres delivers it if and when that commits.
 */
export async function notifySettled(trx: Knex, settled: { paymentId: string, resultStatus: ResultStatus }[]): Promise<void> {
  const payloads: string[] = []
  for (let start = 0; start < settled.length; start += IDS_PER_PAYLOAD) {
    const ids = Object.groupBy(settled.slice(start, start + IDS_PER_PAYLOAD), each => each.resultStatus)
    payloads.push(JSON.stringify(Object.fromEntries(Object.entries(ids).map(([resultStatus, each]) => [
      resultStatus,
      each.map(({ paymentId }) => paymentId),
    ]))))
  }
  await trx.raw(`select pg_notify('payment_events', payload) from unnest(?::text[]) payload`, [payloads])
    .options({ name: 'notify-settled' })
}

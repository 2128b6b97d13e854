import type { Knex } from 'knex'
import type { ResultStatus } from '../reconcile.ts'

/** Postgres allows payloads of up to 7,999 bytes, and each id takes 39 bytes of JSON. */
const IDS_PER_PAYLOAD = 200

/**
 * Notifies the APIs which payments settled, grouped by result status: {"completed": [id, ...], ...}. Postgres delivers the
 * notifications when the transaction commits, and drops them when it rolls back.
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

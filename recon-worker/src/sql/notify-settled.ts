import type { Knex } from 'knex'
import type { ResultStatus } from '../reconcile.ts'

/** Postgres allows payloads of up to 7,999 bytes, and each id takes 39 bytes of JSON. */
const IDS_PER_PAYLOAD = 200
/** An id with its account takes at most 132 bytes. */
const ACCOUNTS_PER_PAYLOAD = 60

interface SettledPayment { paymentId: string, accountId: string, resultStatus: ResultStatus }

/**
 * Notifies the APIs which payments settled, grouped by result status: {"completed": [id, ...], ...}. Before that it names their
 * accounts on a channel of their own, because older APIs would refuse another field. Postgres delivers the notifications in this
 * order when the transaction commits, and drops them when it rolls back.
 */
export async function notifySettled(trx: Knex, settled: SettledPayment[]): Promise<void> {
  const accounts = inPayloads(settled, ACCOUNTS_PER_PAYLOAD, some => some.map(({ paymentId, accountId }) => ({ paymentId, accountId })))
  const results = inPayloads(settled, IDS_PER_PAYLOAD, some => Object.fromEntries(
    Object.entries(Object.groupBy(some, each => each.resultStatus)).map(([resultStatus, each]) => [
      resultStatus,
      each.map(({ paymentId }) => paymentId),
    ]),
  ))
  await trx.raw(`
    select pg_notify('payment_accounts', payload) from unnest(?::text[]) payload
    union all
    select pg_notify('payment_events', payload) from unnest(?::text[]) payload`, [accounts, results])
    .options({ name: 'notify-settled' })
}

function inPayloads(settled: SettledPayment[], size: number, payloadOf: (some: SettledPayment[]) => object): string[] {
  return Array.from({ length: Math.ceil(settled.length / size) }, (_, n) => JSON.stringify(payloadOf(settled.slice(n * size, (n + 1) * size))))
}

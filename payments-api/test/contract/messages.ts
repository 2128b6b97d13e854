import type { TestDatabase } from '../support/database.ts'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { openStream } from '../support/event-stream.ts'
import { seedPayments } from '../support/seed-payments.ts'
import { requestJson } from './support/request-json.ts'

const DEADLINE_MS = 20_000

type Message = () => Promise<object>

/** The messages that the consumers' pacts expect: events of the stream, the job's row and the workers' notification. */
export function messages({ url, database }: { url: string, database: TestDatabase }): Record<string, Message> {
  const accept = async (): Promise<string> => {
    const payment = { accountId: 'ACC-001', amount: 100.00, description: 'Books' }
    return (await requestJson<{ id: string }>(`${url}/payments`, { idempotencyKey: randomUUID(), body: payment })).id
  }

  /** Opens the event stream, runs `trigger`, and returns the next event of that name with its data parsed. */
  async function eventOf(name: string, trigger?: () => Promise<unknown>, headers?: Record<string, string>): Promise<object> {
    const stream = await openStream(`${url}/events`, headers)
    try {
      if (trigger) {
        await stream.next('hello')
        await trigger()
      }
      const event = await stream.next(name)
      return { ...event, data: JSON.parse(event.data) as unknown }
    }
    finally {
      stream.close()
    }
  }

  const settle = (amount: string, result: 'completed' | 'completed_with_discrepancy' | 'failed'): Message => () => eventOf('payment', async () => {
    const [id] = await seedPayments(database, [{ accountId: 'ACC-001', amount, result }])
    await database.sql(`select pg_notify('payment_accounts', $1), pg_notify('payment_events', $2)`, [JSON.stringify([{ paymentId: id, accountId: 'ACC-001' }]), JSON.stringify({ [result]: [id] })])
  })

  const settleRefund: Message = () => eventOf('payment', async () => {
    const [paymentId] = await seedPayments(database, [{ accountId: 'ACC-001', amount: '100.00', result: 'completed' }])
    const { id } = await requestJson<{ id: string }>(`${url}/payments/${paymentId}/refunds`, { idempotencyKey: randomUUID(), body: { amount: '30.00' } })
    await database.sql(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount) values ($1, 'completed', true, 0.00)`, [id])
    await database.sql(`select pg_notify('payment_accounts', $1), pg_notify('payment_events', $2)`, [JSON.stringify([{ paymentId: id, accountId: 'ACC-001' }]), JSON.stringify({ completed: [id] })])
  })

  return {
    'the event that opens a stream': () => eventOf('hello'),
    'the event of a payment of 100.00 that settles': settle('100.00', 'completed'),
    'the event of a payment of 42.13 that settles': settle('42.13', 'completed_with_discrepancy'),
    'the event of a payment of -5.00 that settles': settle('-5.00', 'failed'),
    'the event of a refund that settles': settleRefund,
    'the event of a payment that is accepted': () => eventOf('arrived', accept),
    'the event of a stream on which nothing happens': () => eventOf('heartbeat'),
    'the event for whoever comes with an id that is not known': () => eventOf('resync', undefined, { 'last-event-id': 'elsewhere:1' }),

    'the job of a payment': async () => await jobAsWorkerReadsIt(database, await accept()),
    'the notification that payments wait': () => notificationOf(database, 'recon_jobs', accept),
  }
}

/** The job's rows as the worker's role reads them, by table and column. */
async function jobAsWorkerReadsIt(database: TestDatabase, paymentId: string): Promise<object> {
  const worker = new pg.Client({ connectionString: database.url('payments_worker') })
  await worker.connect()
  try {
    const { rows: [job] } = await worker.query('select * from recon_jobs where payment_id = $1', [paymentId])
    const { rows: [payment] } = await worker.query('select * from payments where id = $1', [paymentId])
    return { recon_jobs: job as unknown, payments: payment as unknown }
  }
  finally {
    await worker.end()
  }
}

/** The notification that Postgres delivers on a channel after `trigger`. */
async function notificationOf(database: TestDatabase, channel: string, trigger: () => Promise<unknown>): Promise<object> {
  const worker = new pg.Client({ connectionString: database.url('payments_worker') })
  await worker.connect()
  try {
    await worker.query(`listen ${channel}`)
    const notified = once(worker, 'notification', { signal: AbortSignal.timeout(DEADLINE_MS) }) as Promise<[pg.Notification]>
    await trigger()
    const [notification] = await notified
    return { channel: notification.channel }
  }
  finally {
    await worker.end()
  }
}

import type { TestDatabase } from '../support/database.ts'
import { once } from 'node:events'
import pg from 'pg'
import { pino } from 'pino'
import { runOnce } from '../../src/run-once.ts'
import { connect } from '../../src/sql/connect.ts'
import { createDatabase } from '../support/database.ts'
import { accept } from '../support/payments.ts'
import { verifyPacts } from './support/verify-pacts.ts'

const DEADLINE_MS = 20_000

describe('recon-worker keeps its contracts', () => {
  let database: TestDatabase
  before(async () => {
    database = await createDatabase()
  })
  after(() => database?.drop())

  it('with every consumer that has a pact with it', () => verifyPacts({
    name: 'recon-worker',
    states: {},
    messages: {
      'the notification of a payment of 100.00': () => notificationOf('100.00'),
      'the notification of a payment of 42.13': () => notificationOf('42.13'),
      'the notification of a payment of -5.00': () => notificationOf('-5.00'),
      'the notification of the account of a settled payment': () => notificationOf('100.00', 'payment_accounts'),
    },
  }))

  /** Settles a payment of this amount. Returns the notification that Postgres delivers on a channel. */
  async function notificationOf(amount: string, on = 'payment_events'): Promise<{ channel: string, payload: object }> {
    const listener = new pg.Client({ connectionString: database.url() })
    const db = connect(database.url('payments_worker'), pino({ level: 'silent' }))
    await listener.connect()
    try {
      await listener.query(`listen ${on}`)
      await accept(database, [{ amount }])
      const notified = once(listener, 'notification', { signal: AbortSignal.timeout(DEADLINE_MS) }) as Promise<[pg.Notification]>
      await runOnce(db, { workerId: 'worker-1', batchSize: 1, maxAttempts: 1 })
      const [{ channel, payload }] = await notified
      return { channel, payload: JSON.parse(payload!) as object }
    }
    finally {
      await listener.end()
      await db.destroy()
    }
  }
})

import type { DatabaseProxy } from './support/database-proxy.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { pino } from 'pino'
import { listen } from '../src/sql/notifications.ts'
import { startDatabaseProxy } from './support/database-proxy.ts'
import { createDatabase } from './support/database.ts'
import { waitFor } from './support/wait-for.ts'

describe('listening to the database', () => {
  let database: TestDatabase
  let proxy: DatabaseProxy
  before(async () => {
    database = await createDatabase()
    proxy = await startDatabaseProxy(database.url('payments_api'))
  })
  after(async () => {
    proxy.close()
    await database.drop()
  })

  it('notices that notifications no longer arrive on a connection that otherwise works, and listens again', async () => {
    const heard: string[] = []
    let connects = 0
    const notifications = listen(proxy.url, ['news'], { notification: (_, payload) => heard.push(payload), listening: () => connects++ }, pino({ enabled: false }), { everyMs: 200, timeoutMs: 500 })
    try {
      await waitFor('the first connection', () => connects === 1)
      await database.sql(`select pg_notify('news', 'first')`)
      await waitFor('the first notification', () => heard.includes('first'))
      proxy.deafen()
      await database.sql(`select pg_notify('news', 'missed')`)
      await waitFor('a new connection', () => connects === 2)
      await database.sql(`select pg_notify('news', 'second')`)
      await waitFor('the second notification', () => heard.includes('second'))
      assert.deepEqual(heard, ['first', 'second'])
    }
    finally {
      await notifications.close()
    }
  })

  it('keeps a quiet connection that works', async () => {
    let connects = 0
    const notifications = listen(proxy.url, ['news'], { notification: () => {}, listening: () => connects++ }, pino({ enabled: false }), { everyMs: 20, timeoutMs: 5_000 })
    try {
      await waitFor('the first connection', () => connects === 1)
      await waitFor('twenty probes', async () => {
        const [row] = await database.sql<{ n: string }>(`select count(*) as n from pg_stat_activity where datname = current_database() and application_name = 'payments-api listen' and state_change - backend_start > '400 ms'`)
        return Number(row!.n) > 0
      })
      assert.equal(connects, 1)
    }
    finally {
      await notifications.close()
    }
  })
})

import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { openStream } from './support/event-stream.ts'
import { listening } from './support/listening.ts'
import { waitFor } from './support/wait-for.ts'

describe('GET /events', () => {
  let database: TestDatabase
  let api: Api

  beforeEach(async () => {
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
    await listening(database)
  })
  afterEach(async () => {
    assert.equal(await api?.stop(), 0)
    await database?.drop()
  })

  const settle = (status: string, ...ids: string[]): Promise<unknown> =>
    database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ [status]: ids })])

  it('says hello, then tells of each payment that settles, with its status and outcome', async () => {
    const stream = await openStream(`${api.url}/events`)
    try {
      await stream.next('hello')
      for (const [result, status, outcome] of [
        ['completed', 'completed', 'matched'],
        ['completed_with_discrepancy', 'completed', 'discrepancy'],
        ['failed', 'failed', 'failed'],
      ] as const) {
        const id = randomUUID()
        await settle(result, id)
        assert.deepEqual(JSON.parse((await stream.next('payment')).data), { id, status, outcome })
      }
    }
    finally {
      stream.close()
    }
  })

  it('tells that payments arrived, and tells the workers too', async () => {
    const stream = await openStream(`${api.url}/events`)
    try {
      await call(`${api.url}/payments`, {
        body: { accountId: 'A', amount: 1 },
        headers: {
          'idempotency-key': randomUUID(),
        },
      })
      await stream.next('arrived')
    }
    finally {
      stream.close()
    }
  })

  it('resumes after the last event that the client has seen, by header or by query', async () => {
    const first = await openStream(`${api.url}/events`)
    const ids = [randomUUID(), randomUUID(), randomUUID()]
    await settle('completed', ...ids)
    const seen = (await first.next('payment')).id!
    await first.next('payment')
    await first.next('payment')
    first.close()
    for (const stream of [await openStream(`${api.url}/events`, { 'last-event-id': seen }), await openStream(`${api.url}/events?after=${seen}`)]) {
      assert.equal(JSON.parse((await stream.next('payment')).data).id, ids[1])
      assert.equal(JSON.parse((await stream.next('payment')).data).id, ids[2])
      assert.deepEqual(stream.names(), ['payment', 'payment', 'hello'])
      stream.close()
    }
  })

  it('tells a client to fetch again when it cannot know what was missed', async () => {
    for (const after of ['elsewhere:1', 'nonsense', `${(await helloId()).split(':')[0]}:99999999`]) {
      const stream = await openStream(`${api.url}/events?after=${after}`)
      await stream.next('resync')
      stream.close()
    }
  })

  it('tells a client that missed more than is remembered to fetch again, and goes on with it', async () => {
    const first = await openStream(`${api.url}/events`)
    const { id: seen } = await first.next('hello')
    for (let i = 0; i < 15; i++)
      await settle('completed', ...Array.from({ length: 200 }, () => randomUUID()))
    await waitFor('all are told', () => first.names().filter(name => name === 'payment').length === 3_000)
    first.close()
    const late = await openStream(`${api.url}/events?after=${seen}`)
    await late.next('resync')
    await late.next('hello')
    late.close()
  })

  it('tells every client to fetch again after its own connection to the database was cut', async () => {
    const stream = await openStream(`${api.url}/events`)
    const { id: before } = await stream.next('hello')
    try {
      await database.sql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'payments-api listen' and datname = current_database()`)
      await stream.next('resync')
      const late = await openStream(`${api.url}/events?after=${before}`)
      await late.next('resync')
      late.close()
    }
    finally {
      stream.close()
    }
  })

  it('tells every client to fetch again on a notification that it cannot read', async () => {
    const stream = await openStream(`${api.url}/events`)
    try {
      for (const payload of ['nonsense', '{"parked":["6d6f2a3e-2f5b-4c59-9d2b-0d8f4f3a2b1c"]}', '{"completed":"x"}']) {
        await database.sql(`select pg_notify('payment_events', $1)`, [payload])
        await stream.next('resync')
      }
    }
    finally {
      stream.close()
    }
  })

  it('ends the streams when the process is told to stop', async () => {
    const stream = await openStream(`${api.url}/events`)
    await stream.next('hello')
    assert.equal(await api.stop(), 0)
    await stream.ended
  })

  async function helloId(): Promise<string> {
    const stream = await openStream(`${api.url}/events`)
    const { id } = await stream.next('hello')
    stream.close()
    return id!
  }
})

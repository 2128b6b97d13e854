import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { openStream } from './support/event-stream.ts'
import { pay, refund } from './support/refunds.ts'
import { settleAll } from './support/settle.ts'
import { waitForListener } from './support/wait-for-listener.ts'
import { waitFor } from './support/wait-for.ts'

describe('GET /events', () => {
  let database: TestDatabase
  let api: Api

  beforeEach(async () => {
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
    await waitForListener(database)
  })
  afterEach(async () => {
    assert.equal(await api?.stop(), 0)
    await database?.drop()
  })

  const settle = (status: string, ...ids: string[]): Promise<unknown> =>
    database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ [status]: ids })])

  it('sends hello, then an event with status and outcome for each payment that settles', async () => {
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

  it('names the account of a payment whose worker does, whatever else comes on that channel', async () => {
    const stream = await openStream(`${api.url}/events`)
    const [named, unnamed] = [randomUUID(), randomUUID()]
    try {
      await stream.next('hello')
      for (const payload of ['', '{"from": "a newer worker"}', JSON.stringify([{ paymentId: named, accountId: 'ACC-1' }])])
        await database.sql(`select pg_notify('payment_accounts', $1)`, [payload])
      await settle('completed', named, unnamed)
      assert.deepEqual(JSON.parse((await stream.next('payment')).data), { id: named, accountId: 'ACC-1', status: 'completed', outcome: 'matched' })
      assert.deepEqual(JSON.parse((await stream.next('payment')).data), { id: unnamed, status: 'completed', outcome: 'matched' })
      assert.ok(!stream.names().includes('resync'))
    }
    finally {
      stream.close()
    }
  })

  it('sends an event of the payment for a refund that settles, with the payment\'s new status and without an outcome', async () => {
    const stream = await openStream(`${api.url}/events`)
    try {
      await stream.next('hello')
      const { body: { id } } = await pay(api.url, { accountId: 'ACC-1', amount: '50.13' })
      await settleAll(database)
      const settled = async (result: string, refundId: string): Promise<unknown> => {
        await settleAll(database) // the database announces the refund
        await database.sql(`select pg_notify('payment_accounts', $1)`, [JSON.stringify([{ paymentId: refundId, accountId: 'ACC-1' }])])
        await settle(result, refundId) // as the worker announces what it settled
        return JSON.parse((await stream.next('payment')).data) as unknown
      }
      const part = (await refund(api.url, id, { amount: '20.13' })).body.id
      assert.deepEqual(await settled('completed_with_discrepancy', part), { id, accountId: 'ACC-1', status: 'partially_refunded', refundId: part })
      const rest = (await refund(api.url, id)).body.id
      assert.deepEqual(await settled('completed', rest), { id, accountId: 'ACC-1', status: 'refunded', refundId: rest })
      assert.deepEqual(JSON.parse((await stream.next('arrived')).data), { accountIds: ['ACC-1'] })
      const { settled: counted } = (await call<{ settled: { settled: number, latencyMs: { longest: number } } }>(`${api.url}/operations`)).body
      assert.equal(counted.settled, 2)
      assert.ok(counted.latencyMs.longest < 20_000) // since the refund was accepted, not its payment
      assert.ok(!stream.names().includes('resync'))
    }
    finally {
      stream.close()
    }
  })

  it('sends an event when payments are accepted, which names their accounts, unless an older process accepted them', async () => {
    const stream = await openStream(`${api.url}/events`)
    try {
      await call(`${api.url}/payments`, {
        body: { accountId: 'A', amount: 1 },
        headers: {
          'idempotency-key': randomUUID(),
        },
      })
      assert.deepEqual(JSON.parse((await stream.next('arrived')).data), { accountIds: ['A'] })
      await database.sql('notify recon_jobs')
      assert.deepEqual(JSON.parse((await stream.next('arrived')).data), {})
    }
    finally {
      stream.close()
    }
  })

  it('resumes after the last event that the client saw, from the header or the query', async () => {
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

  it('sends resync to a client that resumes from an unknown id', async () => {
    for (const after of ['elsewhere:1', 'nonsense', `${(await helloId()).split(':')[0]}:99999999`]) {
      const stream = await openStream(`${api.url}/events?after=${after}`)
      await stream.next('resync')
      stream.close()
    }
  })

  it('sends resync to a client that missed more events than the ring holds, then continues', async () => {
    const first = await openStream(`${api.url}/events`)
    const { id: seen } = await first.next('hello')
    for (let i = 0; i < 15; i++)
      await settle('completed', ...Array.from({ length: 200 }, () => randomUUID()))
    await waitFor('all payments are sent', () => first.names().filter(name => name === 'payment').length === 3_000)
    first.close()
    const late = await openStream(`${api.url}/events?after=${seen}`)
    await late.next('resync')
    await late.next('hello')
    late.close()
  })

  it('sends resync to every client after its connection to the database was cut', async () => {
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

  it('sends resync to every client after a notification of refunds that it cannot parse', async () => {
    const stream = await openStream(`${api.url}/events`)
    try {
      for (const payload of ['nonsense', JSON.stringify([{ refundId: randomUUID(), paymentId: randomUUID(), paymentStatus: 'parked' }])]) {
        await database.sql(`select pg_notify('refund_events', $1)`, [payload])
        await stream.next('resync')
      }
    }
    finally {
      stream.close()
    }
  })

  it('sends resync to every client after a notification that it cannot parse', async () => {
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

  it('ends the streams when the process stops', async () => {
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

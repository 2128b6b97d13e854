import type { TestDatabase } from './support/database.ts'
import type { Proxy } from './support/proxy.ts'
import type { Worker } from './support/worker.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { createDatabase, restartPostgres } from './support/database.ts'
import { accept } from './support/payments.ts'
import { BATCH_STEPS, startProxy } from './support/proxy.ts'
import { assertSettledOnce, payments, settled } from './support/settled.ts'
import { size } from './support/size.ts'
import { waitFor } from './support/wait-for.ts'
import { startWorker } from './support/worker.ts'

/** The worker or Postgres dies without warning. */
describe('a crash', () => {
  let database: TestDatabase
  let proxy: Proxy
  const workers: Worker[] = []

  beforeEach(async () => {
    database = await createDatabase()
    proxy = await startProxy(database.url('payments_worker'))
  })
  afterEach(async () => {
    workers.splice(0).forEach(worker => worker.process.kill('SIGKILL'))
    await proxy?.close()
    await database?.drop()
  })

  async function start(url: string, env: Record<string, string> = {}): Promise<Worker> {
    const worker = await startWorker(url, { LOG_LEVEL: 'info', ...env })
    workers.push(worker)
    return worker
  }
  async function kill(worker: Worker): Promise<void> {
    const exited = once(worker.process, 'exit')
    worker.process.kill('SIGKILL')
    await exited
  }

  it(`of the worker before any of ${BATCH_STEPS.join(', ')}: nothing is settled; after the commit: the whole batch is`, async () => {
    await accept(database, payments(50))
    for (const step of BATCH_STEPS) {
      const reached = proxy.silence(step, 'before')
      const worker = await start(proxy.url)
      await reached
      await kill(worker)
      assert.equal(await settled(database), 0, step)
      assert.deepEqual(await database.sql('select from ledger_entries union all select from reconciliation_results'), [], step)
    }
    const reached = proxy.silence('commit', 'unacknowledged')
    const worker = await start(proxy.url)
    await reached
    await kill(worker)
    await assertSettledOnce(database, 50)

    await accept(database, payments(1))
    await start(proxy.url)
    await waitFor('the next worker settles the rest', async () => await settled(database) === 51)
    await assertSettledOnce(database, 51)
  }).timeout(120_000)

  const kills = size({ usual: 6, full: 200 })
  it(`of one of two workers, ${kills} times at random: nothing is lost or done twice`, async () => {
    let accepted = 0
    const pair = [await start(database.url('payments_worker'), { BATCH_SIZE: '20' }), await start(database.url('payments_worker'), { BATCH_SIZE: '20' })]
    for (let n = 0; n < kills; n++) {
      await accept(database, payments(400))
      accepted += 400
      await database.sql('notify recon_jobs')
      await delay(Math.random() * 100) // random on purpose: a batch of 20 takes about 10 ms
      await kill(pair[n % 2]!)
      pair[n % 2] = await start(database.url('payments_worker'), { BATCH_SIZE: '20' })
    }
    await waitFor('all are settled', async () => await settled(database) === accepted, 60_000)
    await assertSettledOnce(database, accepted)
  }).timeout(size({ usual: 120_000, full: 1_800_000 }))

  for (const [signal, what] of [['SIGINT', 'is restarted'], ['SIGQUIT', 'crashes']] as const) {
    it(`of Postgres: the worker recovers when Postgres ${what} mid-run`, async function () {
      const restart = restartPostgres()
      if (!restart)
        return this.skip()
      await accept(database, payments(3_000))
      const worker = await start(database.url('payments_worker'), { BATCH_SIZE: '20' })
      await waitFor('a batch is settled', async () => await settled(database) > 0)
      await restart(signal)
      const before = await settled(database)
      assert.ok(before < 3_000, 'Postgres died mid-run')
      await waitFor('the rest is settled', async () => await settled(database) === 3_000, 60_000)
      await assertSettledOnce(database, 3_000)
      assert.equal((await fetch(`${worker.url}/ready`)).status, 200)
      assert.equal(await worker.stop(), 0)
    }).timeout(120_000)
  }
})

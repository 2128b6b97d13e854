import assert from 'node:assert/strict'
import { disconnect } from '../../../compose/src/machine/connect.ts'
import { slowIt } from '../../../compose/test/support/slow.ts'
import { until } from '../../../compose/test/support/until.ts'
import { asAdmin } from '../../faults/as-admin.ts'
import { stepDatabaseClock, stepWorkerClock } from '../../faults/clocks.ts'
import { buryQueue, jobKillsWorker, poisonInBatch, poisonTenth } from '../../faults/jobs.ts'
import { oldWorker, secondHarness } from '../../faults/versions.ts'
import { settle, startChaosSystem, withstand } from '../support/withstand.ts'

const FAULT_TIMEOUT_MS = 240_000
const READ_TIMEOUT_MS = 5_000

describe('faults of jobs, clocks and versions', function () {
  this.timeout(FAULT_TIMEOUT_MS)
  const system = startChaosSystem()

  const query = async (sql: string, values: unknown[] = []) => asAdmin(system(), async admin => (await admin.query<{ found: unknown }>(sql, values)).rows[0]?.found)
  const unsettled = () => query('select count(*)::int as found from recon_jobs where finished_at is null')
  const everythingSettles = () => until('every job is completed', async () => await query(`select count(*)::int as found from recon_jobs where status <> 'completed'`) === 0, 60_000)

  it('poison-in-batch: one job of 500 is refused, the others settle, and so does the poison afterwards', async () => {
    await withstand(system(), poisonInBatch, async () => {
      await until('only the poison is left', async () => await unsettled() === 1)
      assert.match(String(await query('select last_error as found from recon_jobs where finished_at is null')), /this job is poison/)
      await settle(system())
    })
    await everythingSettles()
  })

  it('poison-tenth: some jobs are refused, and settle afterwards', async () => {
    await withstand(system(), poisonTenth, async () => {
      await until('a job is refused', async () => {
        await Promise.all(Array.from({ length: 20 }, () => settle(system(), 300).catch(() => {})))
        return await unsettled() !== 0
      })
    })
    await everythingSettles()
  })

  it('poison-tenth: callers can read while it ends and a worker has locked a refused job', async () => {
    const refused = () => query('select payment_id as found from recon_jobs where finished_at is null and attempts > 0')
    await withstand(system(), poisonTenth, async (targets) => {
      const id = await until('a job is refused', async () => {
        await Promise.all(Array.from({ length: 20 }, () => settle(system(), 300).catch(() => {})))
        return refused()
      })
      const worker = await system().admin()
      await worker.query('begin')
      const { rows: [locked] } = await worker.query<{ by: number }>('select pg_backend_pid() as by from recon_jobs where payment_id = $1 for update', [id])
      const stopped = poisonTenth.stop(system(), targets)
      try {
        await until('stop() waits for the job', () => query(`select pid as found from pg_stat_activity where $1 = any(pg_blocking_pids(pid)) and usename = 'postgres'`, [locked!.by]))
        const response = await fetch(`${system().apis[0]}/payments/${id}`, { signal: AbortSignal.timeout(READ_TIMEOUT_MS) })
        assert.equal(response.status, 200)
      }
      finally {
        await disconnect(worker)
        await stopped
      }
    })
    await everythingSettles()
  })

  slowIt('job-kills-worker: workers die, other payments settle, and the job dies', async () => {
    const restarts = async () => (await system().stack.parts()).filter(({ name }) => name.startsWith('worker')).map(({ restarts }) => restarts)
    const before = await restarts()
    await withstand(system(), jobKillsWorker, async () => {
      await until('both workers were killed', async () => (await restarts()).every((count, index) => count > before[index]!))
      await settle(system())
      await until('the job is dead', async () => await query(`select count(*)::int as found from recon_jobs where status = 'dead' and last_error like '%stopped uncleanly%'`) === 1, 90_000)
    })
    await everythingSettles()
  })

  slowIt('bury-queue: payments settle ahead of 100,000 delayed jobs, which are gone afterwards', async () => {
    const before = await query('select count(*)::int as found from payments')
    await withstand(system(), buryQueue, async () => {
      assert.equal(await unsettled(), 100_000)
      await settle(system())
    })
    assert.ok((await query('select count(*)::int as found from payments')) as number <= (before as number) + 3)
    await everythingSettles()
  })

  it('step-database-clock: Postgres is an hour behind, and payments settle', () => withstand(system(), stepDatabaseClock, async () => {
    const behind = (Date.now() / 1_000) - Number(await query('select extract(epoch from clock_timestamp()) as found'))
    assert.ok(Math.abs(behind - 3_600) < 5, `${behind} s`)
    await settle(system())
  }))

  it('step-worker-clock: the workers are an hour off, and payments settle', () => withstand(system(), stepWorkerClock, async () => {
    await settle(system())
    const { url } = (await system().stack.parts()).find(({ name }) => name === 'worker-1')!
    const date = Date.parse((await fetch(`${url.replace('localhost', '127.0.0.1')}/health`)).headers.get('date')!)
    assert.ok(Math.abs(Math.abs(date - Date.now()) - 3_600_000) < 5_000, new Date(date).toISOString())
  }))

  slowIt('old-worker: the previous version settles', () => withstand(system(), oldWorker, async () => {
    const id = await settle(system())
    assert.equal(await query('select locked_by as found from recon_jobs where payment_id = $1', [id]), 'worker-of-the-previous-version')
  }))

  slowIt('second-harness: both systems work', () => withstand(system(), secondHarness, () => settle(system())))
})

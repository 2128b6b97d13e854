import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { createDatabase } from './support/database.ts'
import { accept } from './support/payments.ts'
import { payments } from './support/settled.ts'

describe('the queue\'s functions', () => {
  let database: TestDatabase
  const clients: pg.Client[] = []

  beforeEach(async () => {
    database = await createDatabase()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(client => client.end()))
    await database?.drop()
  })

  async function login(role?: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: database.url(role) })
    clients.push(client)
    await client.connect()
    return client
  }
  async function call(client: pg.Client, expression: string, values: unknown[] = []): Promise<unknown> {
    return (await client.query<{ result: unknown }>(`select ${expression} as result`, values)).rows[0]!.result
  }
  async function killAll(error: string, ids: string[]): Promise<void> {
    await database.sql(`
      update recon_jobs set status = 'dead', attempts = 5, last_error = $1, finished_at = now() where payment_id = any($2)`, [error, ids])
  }

  it('pause and resume: the first pause records who paused the queue and why, and resuming wakes the workers', async () => {
    const api = await login('payments_api')
    const worker = await login('payments_worker')
    let woken = 0
    worker.on('notification', () => woken++)
    await worker.query('listen recon_jobs')
    assert.equal(await call(api, 'resume_queue()'), false, 'the queue was not paused')
    assert.equal(await call(worker, `pause_queue('recon-worker', 'most jobs are refused')`), true)
    assert.equal(await call(api, `pause_queue('operator', 'later')`), false)
    assert.deepEqual(await database.sql('select paused_at is not null as paused, paused_by, reason from recon_queue'), [
      { paused: true, paused_by: 'recon-worker', reason: 'most jobs are refused' },
    ])
    assert.equal(await call(api, 'resume_queue()'), true)
    await worker.query('select 1')
    assert.equal(woken, 1)
    assert.deepEqual(await database.sql('select paused_at, paused_by, reason, resumed_at is not null as resumed from recon_queue'), [{ paused_at: null, paused_by: null, reason: null, resumed: true }])
  })

  it('retry dead jobs in bulk: oldest first, up to a given number, of one error or of all', async () => {
    const ids = (await accept(database, payments(10))).sort()
    await killAll('error A', ids.slice(0, 6))
    await killAll('error B', ids.slice(6))
    const api = await login('payments_api')
    const pending = async (): Promise<string[]> => (await database.sql<{ id: string }>(`
      select payment_id as id from recon_jobs where status = 'pending' and attempts = 0 and finished_at is null order by 1`)).map(({ id }) => id)

    assert.equal(await call(api, `retry_dead_jobs(2, 'error B')`), 2)
    assert.deepEqual(await pending(), ids.slice(6, 8))
    assert.equal(await call(api, `retry_dead_jobs(100, 'error')`), 0, 'only the exact text matches')
    assert.equal(await call(api, 'retry_dead_jobs(3)'), 3)
    assert.deepEqual(await pending(), [...ids.slice(0, 3), ...ids.slice(6, 8)])
    assert.equal(await call(api, 'retry_dead_jobs(-1)'), 0)

    const rival = await login()
    await rival.query('begin')
    await rival.query('select from recon_jobs where payment_id = $1 for update', [ids[3]])
    assert.equal(await call(api, 'retry_dead_jobs(100)'), 4, 'one is skipped: another session holds it')
  })

  it('may be called only by their roles, and no role can delete the queue\'s row', async () => {
    for (const [role, expression] of [
      ['payments_worker', 'resume_queue()'],
      ['payments_worker', 'retry_dead_jobs(1)'],
      ['payments_reader', `pause_queue('me', 'why')`],
    ] as const)
      await assert.rejects(call(await login(role), expression), { code: '42501' }, `${role} ${expression}`)
    for (const role of ['payments_api', 'payments_worker', 'payments_reader'])
      assert.equal((await (await login(role)).query('select paused_at from recon_queue')).rowCount, 1)
    const owner = await login()
    await assert.rejects(owner.query('delete from recon_queue'), { code: '23001' })
    await assert.rejects(owner.query('insert into recon_queue (singleton) values (false)'), { code: '23514' })
  })
})

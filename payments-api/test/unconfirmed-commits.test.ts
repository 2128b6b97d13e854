import type { Api, ApiResponse } from './support/api.ts'
import type { TestPostgres } from './support/postgres.ts'
import assert from 'node:assert/strict'
import pg from 'pg'
import { pino } from 'pino'
import { requestHash } from '../src/domain/request-hash.ts'
import { confirmCommits } from '../src/sql/confirm-commits.ts'
import { connect } from '../src/sql/connect.ts'
import { UnconfirmedError } from '../src/sql/database-errors.ts'
import { insertPayments } from '../src/sql/insert-payments.ts'
import { migrate } from '../src/sql/migrate.ts'
import { call, startApi } from './support/api.ts'
import { startEmbedded } from './support/postgres.ts'
import { waitFor } from './support/wait-for.ts'
import { newPayment } from './support/write-payments.ts'

describe('a commit that no synchronous standby confirms', () => {
  let server: TestPostgres
  let owner: pg.Client
  let api: Api
  const url = (): string => server.url.replace('postgres@', 'payments_api@')

  before(async () => {
    server = await startEmbedded()
    await migrate(server.url)
    owner = new pg.Client({ connectionString: server.url })
    await owner.connect()
    await owner.query('set synchronous_commit = local') // this client waits for no standby
    await owner.query('alter role payments_api login')
    await owner.query('alter role payments_api set client_min_messages = error') // hides the warning of a canceled wait
    api = await startApi(url())
  })
  after(async () => {
    await standbys('')
    await api?.stop()
    await owner?.end()
    server?.stop()
  })

  const post = (key: string, amount = 1): Promise<ApiResponse<{ type?: string }>> =>
    call(`${api.url}/payments`, { body: { accountId: 'A', amount }, headers: { 'idempotency-key': key } })

  async function standbys(names: string): Promise<void> {
    await owner.query(`alter system set synchronous_standby_names = '${names}'`)
    await owner.query('select pg_reload_conf()')
    await waitFor('the setting is in force', async () => {
      const { rows } = await owner.query<{ value: string }>(`select current_setting('synchronous_standby_names') as value`)
      return rows[0]?.value === names
    })
  }

  /** The pid of the API's write that waits for a standby. */
  async function waitingPid(): Promise<number> {
    let pid: number | undefined
    await waitFor('a commit waits', async () => {
      const { rows } = await owner.query<{ pid: number }>(`select pid from pg_stat_activity where application_name = 'payments-api write' and wait_event = 'SyncRep'`)
      pid = rows[0]?.pid
      return pid !== undefined
    })
    return pid!
  }

  /** Interrupts the wait. */
  async function interrupt(how: 'pg_terminate_backend' | 'pg_cancel_backend', pid: number): Promise<void> {
    await owner.query(`select ${how}($1)`, [pid])
    await waitFor('the wait has ended', async () => (await owner.query(`select from pg_stat_activity where pid = $1 and wait_event = 'SyncRep'`, [pid])).rows.length === 0)
  }

  for (const how of ['pg_terminate_backend', 'pg_cancel_backend'] as const) {
    it(`is not acknowledged after ${how}, not even on a retry, until it is confirmed`, async () => {
      const key = `key-of-${how}`
      await standbys('nobody')
      const first = post(key)
      await interrupt(how, await waitingPid())
      if (how === 'pg_terminate_backend') // the API retries, finds the payment and waits for its confirmation
        await interrupt(how, await waitingPid())
      const { status, body, headers } = await first
      assert.deepEqual([status, body.type, headers.get('retry-after')], [503, '/problems/unavailable', '1'])
      assert.equal((await owner.query('select from payments where idempotency_key = $1', [key])).rows.length, 1)

      for (const body of [1, 2]) { // a replay, and another payment with the same key
        const again = post(key, body)
        await interrupt('pg_cancel_backend', await waitingPid())
        assert.equal((await again).status, 503)
      }
      let responded = false
      const last = post(key).finally(() => responded = true)
      await waitingPid()
      assert.equal(responded, false)
      await standbys('')
      const replay = await last
      assert.deepEqual([replay.status, replay.headers.get('idempotent-replayed')], [201, 'true'])
    })
  }

  for (const [status, amount] of [[201, 1], [422, 2]] as const) {
    it(`is not acknowledged with ${status} to a caller that repeats a key that was stored with its quotes`, async () => {
      const key = `"old-${status}"`
      await owner.query(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        values (gen_random_uuid(), 'anonymous', $1, $2, 'A', 'USD', 1.00, '', now(), now())`, [key, requestHash({ accountId: 'A', minorUnits: 100n, currency: 'USD', description: '' })])
      await standbys('nobody')
      const unconfirmed = post(key, amount)
      await interrupt('pg_cancel_backend', await waitingPid())
      assert.equal((await unconfirmed).status, 503)
      await standbys('')
      assert.equal((await post(key, amount)).status, status)
    })
  }

  it('is not acknowledged on a pooled server connection where synchronous_commit is off', async () => {
    const db = connect(url(), 1, 'payments-api write', pino({ level: 'silent' }))
    const off = (): Promise<unknown> => db.raw('set synchronous_commit = off')
    try {
      await standbys('nobody')
      for (const write of [() => insertPayments(db, [newPayment('pooled')], true), () => confirmCommits(db)]) {
        await off()
        const written = assert.rejects(write(), UnconfirmedError)
        await interrupt('pg_cancel_backend', await waitingPid())
        await written
      }
    }
    finally {
      await db.destroy()
    }
  })
})

import type { Socket } from 'node:net'
import type { Wire } from '../../wire/wire.ts'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { repoRoot } from '../../../compose/src/config.ts'
import { connect } from '../../../compose/src/machine/connect.ts'
import { freePort } from '../../../compose/src/machine/ports.ts'
import { until } from '../../../compose/test/support/until.ts'
import { remoteWire } from '../../wire/control.ts'

const FAULT = 'this test'
const START_TIMEOUT_MS = 180_000
/** Long enough to be sure that nothing arrives. */
const SILENCE_MS = 400

describe('the wire', () => {
  const resources = new AsyncDisposableStack()
  let direct: pg.Client
  let wire: Wire
  let port: number

  before(async function () {
    this.timeout(START_TIMEOUT_MS)
    const { startPostgres } = await import(join(repoRoot, 'recon-worker/test/support/postgres.ts')) as { startPostgres: () => Promise<{ url: string, stop: () => void }> }
    const postgres = await startPostgres()
    resources.defer(postgres.stop)
    direct = await connect(postgres.url, 10_000)
    resources.defer(() => direct.end())
    await direct.query(`
      create role payments_api login superuser password 'a';
      create role payments_worker login superuser password 'a';
      create table written (n int)`)
    port = await freePort()
    const control = await freePort()
    const child = spawn(process.execPath, ['wire/main.ts', `127.0.0.1:${port}`, new URL(postgres.url).host, `127.0.0.1:${control}`, '--attached'], { cwd: join(repoRoot, 'loadtest'), stdio: ['pipe', 'pipe', 'inherit'] })
    resources.defer(() => void child.kill())
    await once(child.stdout, 'data')
    wire = remoteWire(`http://127.0.0.1:${control}`)
  })
  after(() => resources.disposeAsync())
  afterEach(() => wire.lift(FAULT))

  async function open(login = 'payments_worker'): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port, user: login, password: 'a', database: 'postgres' })
    client.on('error', () => {})
    await client.connect()
    resources.defer(() => client.end().catch(() => {}))
    return client
  }
  const rows = async (n: number) => Number((await direct.query<{ count: string }>('select count(*) from written where n = $1', [n])).rows[0]!.count)

  it('passes queries, large results and notifications', async () => {
    const client = await open()
    assert.equal((await client.query<{ text: string }>(`select repeat('x', 3000000) as text`)).rows[0]!.text.length, 3_000_000)
    assert.deepEqual((await client.query({ name: 'one', text: 'select $1::int as n', values: [7] })).rows, [{ n: 7 }])
    await assert.rejects(client.query('select 1/0'), /division by zero/)
    await client.query('listen news')
    const heard = once(client, 'notification')
    await direct.query(`notify news, 'hello'`)
    assert.equal((await heard)[0].payload, 'hello')
    await client.end()
    await until('the server side is closed', async () => (await wire.status()).connections === 0)
  })

  it('delays both directions, and no longer once lifted', async () => {
    const client = await open()
    await wire.impose(FAULT, { latencyMs: 100, jitterMs: 20 })
    const startedAt = performance.now()
    await client.query('select 1')
    assert.ok(performance.now() - startedAt >= 200)
    await wire.lift(FAULT)
    const liftedAt = performance.now()
    await client.query('select 1')
    assert.ok(performance.now() - liftedAt < 100)
  })

  it('trickles, and lets what waits through once lifted', async () => {
    const client = await open()
    await wire.impose(FAULT, { bytesPerSecond: 1 })
    const query = client.query('select 1 as n')
    assert.equal(await Promise.race([query, delay(SILENCE_MS, 'nothing')]), 'nothing')
    await wire.lift(FAULT)
    assert.deepEqual((await query).rows, [{ n: 1 }])
  })

  it('drops bytes without a reset: connections stay open but dead, new ones hang, later ones work', async () => {
    const client = await open()
    const { connections } = await wire.status()
    await wire.impose(FAULT, { dropsBytes: true })
    const settled: string[] = []
    const note = (what: string) => () => void settled.push(what)
    void client.query('insert into written values (1)').then(note('old'), note('old'))
    const late = new pg.Client({ host: '127.0.0.1', port, user: 'payments_worker', password: 'a', database: 'postgres' })
    late.on('error', () => {})
    void late.connect().then(note('new'), note('new'))
    await delay(SILENCE_MS)
    await wire.lift(FAULT)
    assert.deepEqual((await (await open()).query('select 1 as n')).rows, [{ n: 1 }])
    await delay(SILENCE_MS)
    assert.deepEqual([settled, await rows(1)], [[], 0])
    for (const each of [client, late])
      (each as unknown as { connection: { stream: Socket } }).connection.stream.destroy()
    await until('Postgres has dropped the dead connections', async () => (await wire.status()).connections === connections) // one died, one is new
  })

  it('refuses connections and resets open ones, until lifted', async () => {
    const client = await open()
    const ended = endOf(client)
    await wire.impose(FAULT, { refuses: true })
    await ended
    await assert.rejects(open(), /ECONNREFUSED/)
    await wire.lift(FAULT)
    await open()
  })

  it('resets open connections', async () => {
    const client = await open()
    const ended = endOf(client)
    await wire.resetAll()
    await ended
    await open()
  })

  it('drops notifications of connections that listen, for as long as they live, and nothing else', async () => {
    const client = await open()
    await client.query('listen news')
    await wire.impose(FAULT, { dropsNotifications: true })
    let heard = 0
    client.on('notification', () => heard++)
    await direct.query('notify news')
    await until('the wire dropped it', async () => (await wire.status()).droppedNotifications > 0)
    await client.query('select 1')
    assert.equal(heard, 0)
    await wire.lift(FAULT)
    const next = await open()
    await next.query('listen news')
    const nextHeard = once(next, 'notification')
    await direct.query('notify news')
    await nextHeard
    await client.query('select 1')
    assert.equal(heard, 0, 'what missed a notification stays deaf')
  })

  describe('cuts between a commit and its response:', () => {
    let n = 100
    beforeEach(() => n++)

    /** Runs statements on one connection until one fails; asserts that the connection broke and that the row is there. */
    async function expectCut(statements: (string | pg.QueryConfig)[], heard: string[], login = 'payments_worker'): Promise<void> {
      const client = await open(login)
      const completed: string[] = []
      const { connection } = client as unknown as { connection: Pipeline }
      connection.on('commandComplete', ({ text }) => completed.push(text))
      const before = (await wire.status()).cutCommits
      await wire.cutCommits(FAULT, { login: login as 'payments_worker', skip: 0, count: 1 })
      await assert.rejects(async () => {
        for (const statement of statements)
          await client.query(statement)
      }, /Connection terminated|ECONNRESET/)
      assert.deepEqual([(await wire.status()).cutCommits - before, await rows(n), completed], [1, 1, heard])
    }

    it('a simple COMMIT', () => expectCut(['begin', `insert into written values (${n})`, 'commit'], ['BEGIN', 'INSERT 0 1']))
    it('a prepared COMMIT', () => expectCut(['begin', { text: 'insert into written values ($1)', values: [n] }, { name: 'c', text: 'commit' }], ['BEGIN', 'INSERT 0 1']))
    it('a COMMIT that is sent with its statement', () => expectCut([`begin; insert into written values (${n}); commit`], []))
    it('an autocommitted simple statement', () => expectCut([`insert into written values (${n})`], [], 'payments_api'))
    it('an autocommitted prepared statement with a result', () => expectCut([{ name: 'i', text: 'with w as (insert into written values ($1) returning n) select n from w', values: [n] }], [], 'payments_api'))

    it('the second of two pipelined transactions', async () => {
      const { connection } = await open() as unknown as { connection: Pipeline }
      const completed: string[] = []
      connection.on('commandComplete', ({ text }) => completed.push(text))
      await wire.cutCommits(FAULT, { login: 'payments_worker', skip: 1, count: 1 })
      for (const sql of ['begin', `insert into written values (${n})`, 'commit', 'begin', `insert into written values (${n})`, 'commit', `insert into written values (${n})`])
        connection.query(sql)
      await once(connection.stream, 'close')
      assert.deepEqual(completed, ['BEGIN', 'INSERT 0 1', 'COMMIT', 'BEGIN', 'INSERT 0 1'])
      assert.ok(await rows(n) >= 2)
    })

    it('only of the named login, and not reads, rollbacks or failures', async () => {
      await wire.cutCommits(FAULT, { login: 'payments_api', skip: 0, count: 1 })
      const worker = await open('payments_worker')
      await worker.query(`insert into written values (${n})`)
      const api = await open('payments_api')
      await api.query('select n from written')
      for (const sql of ['begin', `insert into written values (${n})`, 'rollback'])
        await api.query(sql)
      await assert.rejects(api.query(`insert into written values (1/0)`), /division by zero/)
      await assert.rejects(api.query(`insert into written values (${n})`), /Connection terminated/)
      assert.equal(await rows(n), 2)
    })
  })
})

function endOf(client: pg.Client): Promise<void> {
  return new Promise(resolve => client.once('end', resolve))
}

/** What is inside a pg.Client: it sends without waiting for earlier responses. */
interface Pipeline extends NodeJS.EventEmitter {
  stream: NodeJS.EventEmitter
  query: (sql: string) => void
  on: (event: 'commandComplete', listener: (message: { text: string }) => void) => this
}

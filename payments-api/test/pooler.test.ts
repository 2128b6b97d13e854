import type { ChildProcess } from 'node:child_process'
import type { Api } from './support/api.ts'
import type { TestDatabase } from './support/database.ts'
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, startApi } from './support/api.ts'
import { createDatabase } from './support/database.ts'
import { hostileSettings } from './support/hostile-settings.ts'
import { startLoad } from './support/load.ts'
import { migrateSettings } from './support/migrate-settings.ts'
import { freePort } from './support/postgres.ts'
import { waitFor } from './support/wait-for.ts'

describe('behind PgBouncer in transaction mode, with FULL=1', () => {
  let database: TestDatabase
  let pooler: ChildProcess
  let home: string
  let url: string
  let api: Api

  before(async function () {
    if (process.env.FULL !== '1' || spawnSync('pgbouncer', ['--version']).status !== 0)
      this.skip() // takes too long for every run, or pgbouncer is not on PATH
    database = await createDatabase()
    await hostileSettings(database, { roleInDatabase: false })
    await migrateSettings(database)
    const there = new URL(database.url('payments_api'))
    const port = await freePort()
    home = mkdtempSync(join(tmpdir(), 'payments-pooler-'))
    writeFileSync(join(home, 'pgbouncer.ini'), `
[databases]
${there.pathname.slice(1)} = host=${there.hostname} port=${there.port} user=payments_api password=${there.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
`)
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
    const user = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined // pgbouncer refuses to run as root
    if (user)
      chownSync(home, user.uid, user.gid)
    pooler = spawn('pgbouncer', [join(home, 'pgbouncer.ini')], { ...user, stdio: 'ignore' })
    there.port = String(port)
    there.hostname = '127.0.0.1'
    url = there.href
    api = await startApi(url)
    await waitFor('the API is ready', async () => (await call(`${api.url}/ready`)).status === 200)
  })
  after(async () => {
    await api?.stop()
    if (pooler?.exitCode === null) {
      const exited = once(pooler, 'exit')
      pooler.kill('SIGINT')
      await exited
    }
    if (home)
      rmSync(home, { recursive: true })
    await database?.drop()
  })

  it('serves every request and replays byte for byte, whatever the defaults, even during DDL', async () => {
    const key = randomUUID()
    const post = (): ReturnType<typeof call> => call(`${api.url}/payments`, { body: { accountId: 'A', amount: 1 }, headers: { 'idempotency-key': key } })
    const first = await post()
    const load = startLoad(api.url)
    const more = async (reads: number): Promise<void> => {
      const until = (load.statuses.get(200) ?? 0) + reads
      await waitFor(`${reads} more reads are done`, () => (load.statuses.get(200) ?? 0) >= until, 60_000)
    }
    await more(300)
    for (const ddl of ['alter table accounts alter updated_at type timestamptz(3)', 'alter table recon_jobs alter attempts type int', 'alter table payments add note text']) {
      await database.sql(ddl)
      await more(200)
    }
    await load.stop()
    assert.deepEqual(load.failures.slice(0, 3), [])
    assert.deepEqual([...load.statuses.keys()].sort(), [200, 201])
    for (let i = 0; i < 20; i++)
      assert.equal((await post()).text, first.text)
  })
})

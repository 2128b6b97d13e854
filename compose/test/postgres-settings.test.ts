import type { ChildProcess } from 'node:child_process'
import type { Passwords } from '../src/data/state.ts'
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { APIS, connectionsNeeded, postgresConf, postgresSetting, PROVER_CONNECTIONS, READER_CONNECTIONS, WORKERS } from '../src/connection-budget.ts'
import { DataFolder } from '../src/data/data-folder.ts'
import { allowParts, loginUrl, superuserUrl } from '../src/data/logins.ts'
import { findPostgresHome, removeOutside } from '../src/embedded/postgres-home.ts'
import { initialise, postgresCommand } from '../src/embedded/postgres.ts'
import { connect } from '../src/machine/connect.ts'
import { freePort } from '../src/machine/ports.ts'
import { until } from './support/until.ts'

const read = (path: string): string => readFileSync(join(repoRoot, path), 'utf8')

describe('the settings of Postgres', () => {
  it('allow connections for the maximum number of APIs and workers', () => {
    assert.ok(connectionsNeeded(APIS.max, WORKERS.max) <= Number(postgresSetting('max_connections')))
  })

  it('match the numbers in the documents and in .env', () => {
    assert.match(read('docs/growing.md'), new RegExp(`\\b${postgresSetting('max_connections')} \\(\`max_connections\``))
    assert.match(read('docs/growing.md'), new RegExp(`${WORKERS.connections} connections each, and the cores`))
    assert.match(read('compose/.env'), new RegExp(`up to ${APIS.max} APIs and ${WORKERS.max} workers`))
    assert.match(read('compose/postgres/logins.sql'), new RegExp(`alter role payments_reader login connection limit ${READER_CONNECTIONS} `))
    assert.match(read('compose/postgres/logins.sql'), new RegExp(`alter role payments_prover login connection limit ${PROVER_CONNECTIONS} `))
  })

  describe('on this machine', () => {
    const parent = mkdtempSync(join(tmpdir(), 'payments-test-'))
    const folder = new DataFolder(join(parent, 'data'))
    const passwords: Passwords = { payments_owner: 'o', payments_api: 'a', payments_worker: 'w', payments_reader: 'r', payments_prover: 'p' }
    let server: ChildProcess
    let port: number

    before(async () => {
      chmodSync(parent, 0o711) // started as root, Postgres runs as another user
      folder.create()
      const home = findPostgresHome(folder)
      await initialise(home, async ({ file, args, options }) => void execFileSync(file, args, { ...options, stdio: 'ignore' }))
      port = await freePort()
      const { file, args, options } = postgresCommand(home, port)
      server = spawn(file, args, { ...options, stdio: 'ignore' })
      await until('Postgres accepts connections', async () => {
        const client = await connect(superuserUrl(port, 'postgres'), 5_000).catch(() => null)
        await client?.end()
        return client !== null
      })
    })
    after(async () => {
      if (server?.exitCode === null) {
        const exited = once(server, 'exit')
        server.kill('SIGQUIT')
        await exited
      }
      removeOutside(folder)
      rmSync(parent, { recursive: true, force: true })
    })

    it('are those of the container, except for addresses and access', async () => {
      const client = await connect(superuserUrl(port, 'postgres'), 5_000)
      try {
        await client.query('reset all') // connect() changes some for its session
        const { rows } = await client.query<{ name: string, source: string }>(`select name, source from pg_settings where source in ('configuration file', 'command line')`)
        const from = (source: string): string[] => rows.filter(row => row.source === source).map(row => row.name.toLowerCase()).sort()
        const written = readFileSync(postgresConf, 'utf8').split('\n').flatMap(line => /^(\w+) = /.exec(line)?.[1] ?? []).sort()
        assert.deepEqual(from('configuration file'), written.filter(name => !['listen_addresses', 'hba_file'].includes(name)))
        assert.deepEqual(from('command line'), ['listen_addresses', 'port', 'unix_socket_directories'])
        const { rows: [shown] } = await client.query<{ max_connections: string }>('show max_connections')
        assert.equal(shown?.max_connections, postgresSetting('max_connections'))
      }
      finally {
        await client.end()
      }
    })

    it('limit the connections of the reader', async () => {
      const client = await connect(superuserUrl(port, 'postgres'), 5_000)
      const readers: { end: () => Promise<void> }[] = []
      try {
        for (const role of ['payments_api', 'payments_worker', 'payments_reader', 'payments_prover'])
          await client.query(`create role ${role}`)
        await client.query('create database payments')
        await allowParts(port, passwords)
        for (let i = 0; i < READER_CONNECTIONS; i++)
          readers.push(await connect(loginUrl(port, 'payments_reader', passwords), 5_000))
        await assert.rejects(connect(loginUrl(port, 'payments_reader', passwords), 5_000), /too many connections for role "payments_reader"/)
      }
      finally {
        await Promise.all(readers.map(reader => reader.end()))
        await client.end()
      }
    })
  })
})

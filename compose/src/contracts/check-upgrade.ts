import type { ChildProcess } from 'node:child_process'
import type { Base } from './base.ts'
import type { Step } from './step.ts'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { repoRoot } from '../config.ts'
import { checkInvariants } from '../invariants.ts'
import { connect, disconnect } from '../machine/connect.ts'
import { endProcess, identify } from '../machine/processes.ts'
import { checkOut } from './base.ts'
import { paySome, refundOne } from './try-services.ts'

const SERVICES = ['payments-api', 'recon-worker']
const START_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 20_000
const MIGRATE_TIMEOUT_MS = 120_000
const QUERY_TIMEOUT_MS = 120_000
/** The password of the logins in this temporary database. */
const PASSWORD = 'upgrade'

/** One version of both services, and the folder that holds them. */
interface Version { name: 'old' | 'new', folder: string }

/**
 * Runs an upgrade with real processes on a real Postgres: the old parts settle payments, the newest migrations run under them,
 * then the parts are replaced one by one. Payments must settle in every combination, and every invariant must hold at the
 * end.
 */
export async function checkUpgrade(base: Base | undefined): Promise<Step> {
  if (!base)
    return { name: 'NOT TRIED with an older version: this is not a git clone', problems: [], output: '' }
  const folder = mkdtempSync(join(tmpdir(), 'payments-upgrade-'))
  const { startPostgres } = await import(join(repoRoot, 'recon-worker/test/support/postgres.ts')) as { startPostgres: () => Promise<{ url: string, stop: () => void }> }
  const running: ChildProcess[] = []
  const problems: string[] = []
  let postgres: { url: string, stop: () => void } | undefined
  try {
    await checkOut(base, SERVICES, folder)
    for (const service of SERVICES)
      symlinkSync(join(repoRoot, service, 'node_modules'), join(folder, service, 'node_modules'))
    postgres = await startPostgres()
    await upgrade({ name: 'old', folder }, { name: 'new', folder: repoRoot }, await createDatabase(postgres.url), running)
  }
  catch (error) {
    problems.push((error as Error).message)
  }
  finally {
    for (const child of running)
      child.kill('SIGKILL')
    postgres?.stop()
    rmSync(folder, { recursive: true })
  }
  return { name: `the services of ${base.name} and of this tree settle payments together`, problems, output: '' }
}

async function upgrade(old: Version, now: Version, url: string, running: ChildProcess[]): Promise<void> {
  const start = async (service: string, { name, folder }: Version): Promise<{ url: string, stop: () => Promise<void> }> => {
    const login = Object.assign(new URL(url), { username: service === 'payments-api' ? 'payments_api' : 'payments_worker', password: PASSWORD })
    const child = spawn(process.execPath, ['src/main.ts'], { cwd: join(folder, service), env: { PATH: process.env.PATH, DATABASE_URL: login.href, PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'] })
    running.push(child)
    const port = await listening(child).catch((error: Error) => {
      throw new Error(`the ${name} ${service} did not start: ${error.message}`)
    })
    return {
      url: `http://127.0.0.1:${port}`,
      stop: async () => {
        const identity = identify(child.pid!)
        if (identity && !await endProcess(identity, 'SIGTERM', STOP_DEADLINE_MS))
          throw new Error(`the ${name} ${service} did not stop within ${STOP_DEADLINE_MS / 1000} s of SIGTERM`)
      },
    }
  }

  migrate(old, url)
  await query(url, ['payments_api', 'payments_worker'].map(role => `alter role ${role} login password '${PASSWORD}'`).join('; '))
  const oldApi = await start('payments-api', old)
  const oldWorker = await start('recon-worker', old)
  await paySome('the old worker with the old API', oldApi.url)
  migrate(now, url)
  await paySome('the old worker and the old API on the new schema', oldApi.url)
  const newApi = await start('payments-api', now)
  await paySome('the old worker with the new API', newApi.url)
  await refundOne('the old worker with the new API', newApi.url, oldApi.url)
  await oldWorker.stop()
  await start('recon-worker', now)
  await paySome('the new worker with the old API', oldApi.url)
  await refundOne('the new worker with both APIs', newApi.url, oldApi.url)
  await oldApi.stop()
  await paySome('the new worker with the new API', newApi.url)
  await audit(url)
}

async function createDatabase(postgresUrl: string): Promise<string> {
  const url = Object.assign(new URL(postgresUrl), { pathname: '/upgrade' }).href
  await query(postgresUrl, 'create database upgrade')
  return url
}

function migrate({ name, folder }: Version, url: string): void {
  try {
    execFileSync(process.execPath, ['src/migrate.ts'], { cwd: join(folder, 'payments-api'), env: { PATH: process.env.PATH, DATABASE_URL: url }, stdio: 'pipe', timeout: MIGRATE_TIMEOUT_MS, killSignal: 'SIGKILL' })
  }
  catch (error) {
    throw new Error(`the ${name} migrations failed: ${String((error as { stderr?: Buffer }).stderr).trim().split('\n').at(-1)}`)
  }
}

/** Resolves with the port from a service's `listening` log line. */
async function listening(child: ChildProcess): Promise<number> {
  let errors = ''
  child.stderr!.on('data', chunk => errors += String(chunk))
  return await new Promise((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      const { msg, port } = JSON.parse(line) as { msg?: string, port?: number }
      if (msg === 'listening' && port !== undefined)
        resolve(port)
    })
    child.once('exit', code => reject(new Error(errors.trim().split('\n').at(-1) || `exit code ${code}`)))
    setTimeout(() => reject(new Error(`it logged no port within ${START_DEADLINE_MS / 1000} s`)), START_DEADLINE_MS).unref()
  })
}

async function audit(url: string): Promise<void> {
  for (const { name, file, rows: [broken] } of await checkInvariants(url, QUERY_TIMEOUT_MS)) {
    if (broken)
      throw new Error(`after the upgrade an invariant is broken (${file}: ${name}): ${JSON.stringify(broken)}`)
  }
}

async function query(url: string, sql: string): Promise<object[]> {
  const client = await connect(url, QUERY_TIMEOUT_MS)
  try {
    return (await client.query<object>(sql)).rows
  }
  finally {
    await disconnect(client)
  }
}

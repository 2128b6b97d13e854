import type pg from 'pg'
import type { LoadOptions } from '../http-load.ts'
import type { Course, Figures, Measure } from '../measure.ts'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pidOf, startStack } from '../bench-stack.ts'
import { load } from '../http-load.ts'
import { pgbenchVersion } from '../machine.ts'
import { cpuSeconds, memoryMb, peakMemoryMb, resetPeakMemory } from '../usage.ts'

const CONNECTIONS = 64
const ACCOUNTS = 1_000
const SECONDS = 8
const WARM_UP_SECONDS = 4
/** For a look at the memory: requests, and how often it is read. */
const MANY = 200_000
const LOOKS = 4

/** One payment with its job in one commit, as plainly as it can be done. */
const ONE_BY_ONE = `
with p as (
  insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
  values (gen_random_uuid(), 'pgbench', gen_random_uuid()::text, sha256('x'), 'ACC-1', 'USD', 12.50, 'Benchmark', now(), now())
  returning id)
insert into recon_jobs (payment_id) select id from p;
`

const HALF = 'ours, at half that rate'
const NEW_ACCOUNTS = 'ours, each to a new account'
const MEMORY = `ours, ${MANY.toLocaleString('en')} requests`

export const accepting: Measure = {
  name: 'accept',
  title: 'Accepting over HTTP',
  how: `POST /payments over ${CONNECTIONS} keep-alive connections for ${SECONDS} seconds, each answer after the commit that holds its payment; no worker runs. At half of that rate, requests are sent on time however long answers take, and latency counts from when they were due. Once each payment opens an account, and once all repeat ${ACCOUNTS.toLocaleString('en')} keys, so all but the first are replays. CPU is by process, in microseconds a request; the load generator, the API and Postgres share the machine's processors. Beside it a bare Express 5 echo, with its JSON parser and a zod check and nothing behind them, without ETag and X-Powered-By as in the API; the same echo when its answers wait for a shared commit of the payments and their jobs, with nothing else checked, hashed or logged; and pgbench, without HTTP, committing one payment with its job at a time over as many connections.`,
  goals: [
    { what: 'accepted/s over HTTP, to a bare Express echo', of: 'ours', to: 'Express echo (the ceiling)', figure: 'accepted/s', atLeast: 0.8 },
    { what: 'accepted/s over HTTP, to pgbench, a payment a commit', of: 'ours', to: 'pgbench', figure: 'accepted/s', atLeast: 1 },
    { what: 'p99 of accepting at half of that rate, ms', of: HALF, figure: 'p99 ms', atMost: 50 },
    { what: 'accepted/s, each to a new account, to known accounts', of: NEW_ACCOUNTS, to: 'ours', figure: 'accepted/s', atLeast: 0.7 },
    { what: `the API's memory after ${MANY.toLocaleString('en')} requests, to that at their start`, of: MEMORY, figure: 'at the end to the start', atMost: 1.2 },
  ],
  run: async (course) => {
    const bench = await startStack(course)
    const { database } = bench
    bench.stack.pause('worker-1')
    const postgres = await pidOf(bench, 'postgres')
    const asApi = `${bench.databaseUrl('payments')}?options=-c%20role%3Dpayments_api` // the guards look closer at others
    const api: Target = { url: new URL('/payments', bench.apiUrl), pid: await pidOf(bench, 'api'), postgres }
    const echo = await startEcho(course.resources)
    const committingEcho: Target = { ...await startEcho(course.resources, asApi), postgres }
    const warmUp = { until: { ms: course.sized(WARM_UP_SECONDS * 1_000) } }
    for (const target of [api, echo, committingEcho]) // the code is compiled by then, and the accounts are known
      await post(target, warmUp, course)

    /** Void where a payment was acknowledged and is not there. */
    async function committed(target: Target, pace: Pace): Promise<Figures> {
      const before = await accepted(database)
      // Counting new rows marks them as committed, in pages that the WAL then has whole: the first commits would wait for all of it.
      await database.query('checkpoint')
      const { answers, figures } = await post(target, pace, course)
      if (await accepted(database) - before !== answers)
        throw new Error(`the run is void: ${answers} payments were acknowledged, and ${await accepted(database) - before} are there`)
      return figures
    }

    const until = { ms: course.sized(SECONDS * 1_000) }
    let perSecond = 0
    const contenders: Record<string, () => Promise<Figures>> = {
      'ours': async () => {
        const figures = await committed(api, { until })
        perSecond = figures['accepted/s']! / 2
        return figures
      },
      [HALF]: async () => {
        const { 'accepted/s': asSent, ...figures } = await committed(api, { until, perSecond })
        return { 'sent/s': asSent!, ...figures }
      },
      [NEW_ACCOUNTS]: () => {
        const run = crypto.randomUUID()
        return committed(api, { until, accountId: n => `${run}-${n}` })
      },
      // As many keys as accounts: a key comes with the same body again.
      'ours, replays': async () => (await post(api, { until, keys: ACCOUNTS }, course)).figures,
      [MEMORY]: async () => {
        const requests = course.sized(MANY) / LOOKS
        const memory = [memoryMb(api.pid)]
        for (let look = 1; look <= LOOKS; look++) {
          await committed(api, { until: { requests: Math.ceil(requests) } })
          memory.push(memoryMb(api.pid))
        }
        return {
          'at the end to the start': memory.at(-1)! / memory[0]!,
          ...Object.fromEntries(memory.map((mb, look) => [`MB after ${(look * MANY / LOOKS).toLocaleString('en')}`, mb])),
        }
      },
      'Express echo (the ceiling)': async () => (await post(echo, { until }, course)).figures,
      'Express echo that commits': () => committed(committingEcho, { until }),
    }
    if (pgbenchVersion() === undefined) {
      course.note('pgbench is not installed (Debian: postgresql-contrib), so it is not beside it.')
    }
    else {
      contenders.pgbench = async () => {
        await database.query('checkpoint')
        return await pgbench(asApi, course)
      }
    }
    await course.compare(contenders)
  },
}

/** Where to post to, the process that answers, and the Postgres behind it. */
interface Target { url: URL, pid: number, postgres?: number }
type Pace = Pick<LoadOptions, 'until' | 'perSecond' | 'keys'> & { accountId?: (n: number) => string }

/** With a database, each answer is after the commit of its payment. */
async function startEcho(resources: AsyncDisposableStack, databaseUrl?: string): Promise<Target> {
  const echo = spawn(process.execPath, [join(import.meta.dirname, '../echo-server.ts'), ...databaseUrl === undefined ? [] : [databaseUrl]], { env: { NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(echo, 'exit')
  resources.defer(async () => {
    echo.kill('SIGKILL')
    await ended
  })
  const [port] = await once(echo.stdout, 'data') as [Buffer]
  return { url: new URL(`http://127.0.0.1:${String(port).trim()}/payments`), pid: echo.pid! }
}

async function post({ url, pid, postgres }: Target, { accountId = n => `ACC-${n % ACCOUNTS}`, ...pace }: Pace, { signal }: Course): Promise<{ answers: number, figures: Figures }> {
  resetPeakMemory([pid])
  const cpuOf = (): Record<string, number> => ({
    'CPU us, its process': cpuSeconds([pid]),
    ...(postgres !== undefined && { 'CPU us, Postgres': cpuSeconds([postgres]) }),
    'CPU us, the load generator': (({ user, system }) => (user + system) / 1e6)(process.cpuUsage()),
  })
  const before = cpuOf()
  const { answers, perSecond, latencyMs } = await load({
    ...pace,
    url,
    connections: CONNECTIONS,
    body: n => JSON.stringify({ accountId: accountId(n), amount: '12.50', description: 'Benchmark' }),
    signal,
  })
  return {
    answers,
    figures: {
      'accepted/s': perSecond,
      'p50 ms': latencyMs.p50,
      'p99 ms': latencyMs.p99,
      'MB at most, its process': peakMemoryMb([pid]),
      ...Object.fromEntries(Object.entries(cpuOf()).map(([name, seconds]) => [name, (seconds - before[name]!) * 1e6 / answers])),
    },
  }
}

async function accepted(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ payments: string }>('select count(*) as payments from payments')
  return Number(rows[0]!.payments)
}

async function pgbench(databaseUrl: string, { sized, resources, signal }: Course): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'payments-pgbench-'))
  resources.defer(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'one-by-one.sql')
  writeFileSync(script, ONE_BY_ONE)
  const seconds = Math.max(1, sized(SECONDS))
  const { stdout } = await promisify(execFile)('pgbench', [
    ...['--no-vacuum', '--protocol=prepared', `--client=${CONNECTIONS}`, '--jobs=2', `--time=${seconds}`, `--file=${script}`],
    databaseUrl,
  ], { timeout: (seconds + 30) * 1_000, signal })
  return { 'accepted/s': Number(/tps = ([\d.]+)/.exec(stdout)?.[1]) }
}

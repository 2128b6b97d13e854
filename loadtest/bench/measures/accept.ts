import type pg from 'pg'
import type { LoadOptions } from '../http-load.ts'
import type { Figures, Measure, MeasureContext } from '../measure.ts'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pidOf, startStack } from '../bench-stack.ts'
import { pgbenchVersion } from '../describe-machine.ts'
import { generateLoad } from '../http-load.ts'
import { cpuSeconds, memoryMb, peakMemoryMb, resetPeakMemory } from '../process-usage.ts'

const CONNECTIONS = 64
const ACCOUNTS = 1_000
const SECONDS = 8
const WARM_UP_SECONDS = 4
/** For the API's memory: how many requests to send, and how often to sample it. */
const MEMORY_REQUESTS = 200_000
const MEMORY_SAMPLES = 4

/** One payment and its job in one commit, in the simplest statement. */
const INSERT_ONE_PAYMENT = `
with p as (
  insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
  values (gen_random_uuid(), 'pgbench', gen_random_uuid()::text, sha256('x'), 'ACC-1', 'USD', 12.50, 'Benchmark', now(), now())
  returning id)
insert into recon_jobs (payment_id) select id from p;
`

const ECHO = 'Express echo (upper bound)'
const HALF_RATE = 'ours, at half that rate'
const NEW_ACCOUNTS = 'ours, a new account each'
const MEMORY = `ours, ${MEMORY_REQUESTS.toLocaleString('en')} requests`

export const accepting: Measure = {
  name: 'accept',
  title: 'Accepting over HTTP',
  how: `POST /payments over ${CONNECTIONS} keep-alive connections for ${SECONDS} seconds, each response sent after its payment's commit; no worker runs. At half that rate, requests are sent on time however long responses take, and latency counts from when a request was due. In one contender each payment opens an account; in another all requests cycle through ${ACCOUNTS.toLocaleString('en')} keys, so all but the first of a key are replays. CPU is given by process, in microseconds per request; the load generator, the API and Postgres share the machine's processors. Compared with: a bare Express 5 echo, which has a JSON parser and a zod check and nothing else, and like the API sends neither ETag nor X-Powered-By; the same echo with responses that wait for a shared commit of the payments and their jobs, but with nothing else checked, hashed or logged; and pgbench, without HTTP, which commits one payment and its job at a time over as many connections.`,
  goals: [
    { what: 'accepted/s over HTTP, ratio to a bare Express echo', contender: 'ours', baseline: ECHO, figure: 'accepted/s', atLeast: 0.8 },
    { what: 'accepted/s over HTTP, ratio to pgbench with one payment per commit', contender: 'ours', baseline: 'pgbench', figure: 'accepted/s', atLeast: 1 },
    { what: 'p99 of accepting at half that rate, ms', contender: HALF_RATE, figure: 'p99 ms', atMost: 50 },
    { what: 'accepted/s with a new account each, ratio to existing accounts', contender: NEW_ACCOUNTS, baseline: 'ours', figure: 'accepted/s', atLeast: 0.7 },
    { what: `the API's memory after ${MEMORY_REQUESTS.toLocaleString('en')} requests, ratio to before`, contender: MEMORY, figure: 'memory, after / before', atMost: 1.2 },
  ],
  run: async (context) => {
    const bench = await startStack(context)
    const { database } = bench
    bench.stack.pause('worker-1')
    const postgres = await pidOf(bench, 'postgres')
    const apiRoleUrl = `${bench.databaseUrl('payments')}?options=-c%20role%3Dpayments_api` // guard triggers check other roles more closely
    const api: Target = { url: new URL('/payments', bench.apiUrl), pid: await pidOf(bench, 'api'), postgres }
    const echo = await startEcho(context.resources)
    const committingEcho: Target = { ...await startEcho(context.resources, apiRoleUrl), postgres }
    const warmUp = { until: { ms: context.scaled(WARM_UP_SECONDS * 1_000) } }
    for (const target of [api, echo, committingEcho]) // compiles the code and opens the accounts
      await post(target, warmUp, context)

    /** Throws if an acknowledged payment is missing from the database. */
    async function postAndVerify(target: Target, workload: Workload): Promise<Figures> {
      const before = await countPayments(database)
      // Counting sets hint bits on new rows, which puts whole pages into the WAL: without a checkpoint the first commits wait for them.
      await database.query('checkpoint')
      const { responses, figures } = await post(target, workload, context)
      if (await countPayments(database) - before !== responses)
        throw new Error(`the run is void: ${responses} payments were acknowledged, but ${await countPayments(database) - before} are in the database`)
      return figures
    }

    const until = { ms: context.scaled(SECONDS * 1_000) }
    let halfRate = 0
    const contenders: Record<string, () => Promise<Figures>> = {
      'ours': async () => {
        const figures = await postAndVerify(api, { until })
        halfRate = figures['accepted/s']! / 2
        return figures
      },
      [HALF_RATE]: async () => {
        const { 'accepted/s': sentPerSecond, ...figures } = await postAndVerify(api, { until, requestsPerSecond: halfRate })
        return { 'sent/s': sentPerSecond!, ...figures }
      },
      [NEW_ACCOUNTS]: () => {
        const run = crypto.randomUUID()
        return postAndVerify(api, { until, accountId: n => `${run}-${n}` })
      },
      // As many keys as accounts, so that a key always has the same body.
      'ours, replays': async () => (await post(api, { until, keys: ACCOUNTS }, context)).figures,
      [MEMORY]: async () => {
        const requests = context.scaled(MEMORY_REQUESTS) / MEMORY_SAMPLES
        const memory = [memoryMb(api.pid)]
        for (let sample = 1; sample <= MEMORY_SAMPLES; sample++) {
          await postAndVerify(api, { until: { requests: Math.ceil(requests) } })
          memory.push(memoryMb(api.pid))
        }
        return {
          'memory, after / before': memory.at(-1)! / memory[0]!,
          ...Object.fromEntries(memory.map((mb, sample) => [`MB after ${(sample * MEMORY_REQUESTS / MEMORY_SAMPLES).toLocaleString('en')}`, mb])),
        }
      },
      [ECHO]: async () => (await post(echo, { until }, context)).figures,
      'Express echo that commits': () => postAndVerify(committingEcho, { until }),
    }
    if (pgbenchVersion() === undefined) {
      context.note('pgbench is missing from the comparison because it is not installed (Debian: postgresql-contrib).')
    }
    else {
      contenders.pgbench = async () => {
        await database.query('checkpoint')
        return await pgbench(apiRoleUrl, context)
      }
    }
    await context.compare(contenders)
  },
}

/** Where to post to, the process that responds, and the Postgres process behind it. */
interface Target { url: URL, pid: number, postgres?: number }
type Workload = Pick<LoadOptions, 'until' | 'requestsPerSecond' | 'keys'> & { accountId?: (n: number) => string }

/** With a database URL, the echo responds only after a payment's commit. */
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

async function post({ url, pid, postgres }: Target, { accountId = n => `ACC-${n % ACCOUNTS}`, ...workload }: Workload, { signal }: MeasureContext): Promise<{ responses: number, figures: Figures }> {
  resetPeakMemory([pid])
  const readCpu = (): Record<string, number> => ({
    'CPU us, process': cpuSeconds([pid]),
    ...(postgres !== undefined && { 'CPU us, Postgres': cpuSeconds([postgres]) }),
    'CPU us, load generator': (({ user, system }) => (user + system) / 1e6)(process.cpuUsage()),
  })
  const before = readCpu()
  const { responses, responsesPerSecond, latencyMs } = await generateLoad({
    ...workload,
    url,
    connections: CONNECTIONS,
    body: n => JSON.stringify({ accountId: accountId(n), amount: '12.50', description: 'Benchmark' }),
    signal,
  })
  return {
    responses,
    figures: {
      'accepted/s': responsesPerSecond,
      'p50 ms': latencyMs.p50,
      'p99 ms': latencyMs.p99,
      'peak MB, process': peakMemoryMb([pid]),
      ...Object.fromEntries(Object.entries(readCpu()).map(([name, seconds]) => [name, (seconds - before[name]!) * 1e6 / responses])),
    },
  }
}

async function countPayments(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ payments: string }>('select count(*) as payments from payments')
  return Number(rows[0]!.payments)
}

async function pgbench(databaseUrl: string, { scaled, resources, signal }: MeasureContext): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'payments-pgbench-'))
  resources.defer(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'insert-one-payment.sql')
  writeFileSync(script, INSERT_ONE_PAYMENT)
  const seconds = Math.max(1, scaled(SECONDS))
  const { stdout } = await promisify(execFile)('pgbench', [
    ...['--no-vacuum', '--protocol=prepared', `--client=${CONNECTIONS}`, '--jobs=2', `--time=${seconds}`, `--file=${script}`],
    databaseUrl,
  ], { timeout: (seconds + 30) * 1_000, signal })
  return { 'accepted/s': Number(/tps = ([\d.]+)/.exec(stdout)?.[1]) }
}

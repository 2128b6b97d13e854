// Lists, balance and detail over HTTP at many payments, to the same at a thousand; and the API's memory over many requests.
//   node loadtest/bench/reads.ts        PAYMENTS=1000000 REQUESTS=300
import type { Bench } from './with-stack.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { load } from './http-load.ts'
import { setting, withStack } from './with-stack.ts'

const payments = setting('PAYMENTS', 1_000_000)
const requests = setting('REQUESTS', 300)
const FEW = 1_000
const POLL_MS = 200
const DEADLINE_MS = 600_000

const reads = {
  'newest': '/payments',
  'pending': '/payments?status=pending',
  'failed': '/payments?status=failed',
  'completed': '/payments?status=completed',
  'discrepancy': '/payments?outcome=discrepancy',
  'account': '/payments?accountId=BENCH-7',
  'range of time': '/payments?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
  'amount, rare': '/payments?amountFrom=999999',
  'accounts': '/accounts?prefix=BENCH-7',
  'entries': '/accounts/BENCH-7/entries',
  'balance': '/accounts/BENCH-7/balance',
  'balance at': '/accounts/BENCH-7/balance?at=2026-01-01T00:00:00Z',
  'operations': '/operations',
}

await withStack(async ({ database, apiUrl }) => {
  await fill(database, FEW)
  const few = await measure(apiUrl)
  await fill(database, payments - FEW)
  const many = await measure(apiUrl)
  console.log(`p95 in ms over ${requests} requests, one after the other    ${FEW}    ${payments}   ratio`)
  for (const name of Object.keys(reads))
    console.log(`  ${name.padEnd(16)} ${few[name]!.toFixed(2).padStart(8)} ${many[name]!.toFixed(2).padStart(8)} ${(many[name]! / few[name]!).toFixed(2).padStart(6)}`)

  const url = new URL('/payments', apiUrl)
  for (const [i, residentMb] of [await resident(apiUrl), await soak(), await soak(), await soak()].entries())
    console.log(`API's memory after ${i * 10} s at full load: ${residentMb.toFixed(0)} MB`)

  async function soak(): Promise<number> {
    await load({ url, connections: 64, durationMs: 10_000, body: n => JSON.stringify({ accountId: `ACC-${n % 1_000}`, amount: '12.50' }) })
    return await resident(apiUrl)
  }
})

/** Payments of which a tenth fails and a tenth has a discrepancy, over 1,000 accounts, settled by the worker. */
async function fill(database: Bench['database'], count: number): Promise<void> {
  await database.query(`select open_account('BENCH-' || n, 'USD') from generate_series(0, 999) n`)
  for (let done = 0; done < count; done += 100_000) {
    await database.query(`
      with p as (
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
        select uuidv7(), 'bench', gen_random_uuid()::text, sha256('x'), 'BENCH-' || n % 1000, 'USD',
               case n % 10 when 0 then -5.00 when 1 then 42.13 else 12.50 end, 'Benchmark', now(), now()
          from generate_series(1, $1::int) n
        returning id)
      insert into recon_jobs (payment_id) select id from p`, [Math.min(100_000, count - done)])
  }
  await database.query('notify recon_jobs')
  const startedAt = performance.now()
  while ((await database.query(`select from recon_jobs where status = 'pending' and run_at <= now() limit 1`)).rows.length > 0) {
    if (performance.now() - startedAt > DEADLINE_MS)
      throw new Error('the payments were not settled in time')
    await delay(POLL_MS)
  }
  await database.query('vacuum analyze')
}

async function measure(apiUrl: string): Promise<Record<string, number>> {
  const result: Record<string, number> = {}
  for (const [name, path] of Object.entries(reads)) {
    const times: number[] = []
    for (let i = 0; i < requests + 50; i++) {
      const startedAt = performance.now()
      const res = await fetch(apiUrl + path)
      await res.arrayBuffer()
      if (res.status !== 200)
        throw new Error(`${path} answered ${res.status}`)
      if (i >= 50)
        times.push(performance.now() - startedAt)
    }
    result[name] = times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!
  }
  return result
}

async function resident(apiUrl: string): Promise<number> {
  const text = await (await fetch(`${apiUrl}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1024 ** 2
}

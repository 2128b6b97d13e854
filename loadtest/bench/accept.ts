// Accepted payments a second, beside what limits them: the framework, and a database that commits one at a time.
//   node loadtest/bench/accept.ts        ROUNDS=3 SECONDS=8 CONNECTIONS=64
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { load } from './http-load.ts'
import { median, setting, withStack } from './with-stack.ts'

const rounds = setting('ROUNDS', 3)
const seconds = setting('SECONDS', 8)
const connections = setting('CONNECTIONS', 64)
const body = (n: number): string => JSON.stringify({ accountId: `ACC-${n % 1_000}`, amount: '12.50', description: 'Benchmark' })

/** One payment with its job in one commit, as plainly as it can be done. */
const ONE_BY_ONE = `
with p as (
  insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
  values (gen_random_uuid(), 'pgbench', gen_random_uuid()::text, sha256('x'), 'ACC-1', 'USD', 12.50, 'Benchmark', now(), now())
  returning id)
insert into recon_jobs (payment_id) select id from p;
`

await withStack(async ({ stack, databaseUrl, apiUrl }) => {
  stack.pause('worker-1') // what is measured is accepting
  const echo = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(echo.stdout, 'data') as [Buffer]
    const targets = { api: new URL('/payments', apiUrl), echo: new URL(`http://127.0.0.1:${String(port).trim()}/payments`) }
    const run = async (url: URL, durationMs: number): ReturnType<typeof load> => {
      const result = await load({ url, connections, durationMs, body })
      if (Object.keys(result.statuses).join() !== '201')
        throw new Error(`${url.href} answered ${JSON.stringify(result.statuses)}`)
      return result
    }
    for (const url of Object.values(targets))
      await run(url, 4_000) // both have been compiled by now, and the accounts are known

    const measured = { api: [] as number[], echo: [] as number[], pgbench: [] as number[] }
    for (let round = 1; round <= rounds; round++) {
      for (const name of ['api', 'echo'] as const) {
        const { perSecond, latencyMs } = await run(targets[name], seconds * 1_000)
        measured[name].push(perSecond)
        console.log(`round ${round}  ${name.padEnd(8)} ${perSecond.toFixed(0).padStart(7)}/s   p50 ${latencyMs.p50.toFixed(1)} ms   p99 ${latencyMs.p99.toFixed(1)} ms`)
      }
      const perSecond = await pgbench(databaseUrl)
      if (perSecond === undefined)
        continue
      measured.pgbench.push(perSecond)
      console.log(`round ${round}  ${'pgbench'.padEnd(8)} ${perSecond.toFixed(0).padStart(7)}/s`)
    }
    console.log(`\nmedian of ${rounds}: api ${median(measured.api).toFixed(0)}/s`)
    console.log(`  to a bare Express echo              ${(median(measured.api) / median(measured.echo)).toFixed(2)}`)
    if (measured.pgbench.length > 0)
      console.log(`  to pgbench, one payment a commit    ${(median(measured.api) / median(measured.pgbench)).toFixed(2)}`)
    else
      console.log('  pgbench is not installed (Debian: postgresql-contrib)')
  }
  finally {
    echo.kill()
  }
})

async function pgbench(databaseUrl: string): Promise<number | undefined> {
  const { hostname, port } = new URL(databaseUrl)
  const script = join(tmpdir(), `payments-bench-${process.pid}.sql`)
  writeFileSync(script, ONE_BY_ONE)
  try {
    const { stdout } = await promisify(execFile)('pgbench', ['-n', '-M', 'prepared', '-h', hostname, '-p', port, '-U', 'postgres', '-c', String(connections), '-j', '2', '-T', String(seconds), '-f', script, 'payments'], { timeout: (seconds + 30) * 1_000 })
    return Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
  }
  catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return undefined
    throw error
  }
}

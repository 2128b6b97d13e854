import type pg from 'pg'
import type { Stack } from '../../compose/src/stack.ts'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { processTree } from '../../compose/src/machine/processes.ts'

/** Few: each sample forces a garbage collection in every Node part, which stops the part for about 100 ms. */
const SAMPLES = 60
const MIN_INTERVAL_MS = 1_000
/** Parts that are Node processes. */
const NODE_PART = /^(?:api|worker|ui)\b/

interface Sample {
  atMs: number
  payments: number
  /** Bytes of retained memory, by part. */
  memory: Record<string, number>
  /** Bytes with indexes, by table. */
  sizes: Record<string, number>
}

export interface GrowthSampling {
  /** Stops sampling and returns what grew. */
  end: () => Promise<Growth>
}

export interface Growth {
  /** Growth of the fastest-growing part's memory over the second half of the run, in percent. */
  memory_growth_percent: number
  /** Bytes per payment in the second half, divided by those in the first half; the highest ratio of any table. */
  size_growth_ratio: number
  /** For the terminal: one line per part and per table. */
  lines: string[]
}

/** Samples the memory of each part and the size of each table, now and at intervals throughout a run of `durationMs`. */
export async function sampleGrowth(stack: Stack, database: pg.Client, durationMs: number): Promise<GrowthSampling> {
  const samples = [await takeSample(stack, database)]
  const ending = new AbortController()
  const intervalMs = Math.max(MIN_INTERVAL_MS, durationMs / SAMPLES)
  const sampling = (async () => {
    while (!ending.signal.aborted) {
      await delay(intervalMs, undefined, { signal: ending.signal }).catch(() => {})
      samples.push(await takeSample(stack, database))
    }
  })()
  sampling.catch(() => {}) // end() rethrows it
  return {
    end: async () => {
      ending.abort()
      await sampling
      return computeGrowth(samples)
    },
  }
}

async function takeSample(stack: Stack, database: pg.Client): Promise<Sample> {
  const memory: Record<string, number> = {}
  for (const { name, pid } of await stack.parts()) {
    if (pid === null)
      continue
    // At a low rate V8 waits more than half an hour before it collects old garbage.
    if (NODE_PART.test(name))
      await stack.collectGarbage(name)
    memory[name] = processTree(pid).reduce((sum, pid) => sum + privateBytes(pid), 0)
  }
  const { rows } = await database.query<{ name: string, bytes: string }>(`
    select c.relname as name, pg_total_relation_size(c.oid) as bytes
      from pg_class c
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname not like 'schema%'`)
  const { rows: [count] } = await database.query<{ n: string }>('select count(*) as n from payments')
  return {
    atMs: Date.now(),
    payments: Number(count!.n),
    memory,
    sizes: Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)])),
  }
}

/** Memory of one process in bytes, without its program text and without the buffers that Postgres processes share. */
function privateBytes(pid: number): number {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres: autovacuum worker'))
      return 0 // it ends within seconds and releases its memory
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  }
  catch {
    return 0 // the process has ended
  }
}

/** Memory counts in the second half only: compilers, caches and free lists fill up in the first. */
function computeGrowth(samples: Sample[]): Growth {
  const half = samples.slice(samples.length >> 1)
  const [first, middle, last] = [samples[0]!, half[0]!, samples.at(-1)!]
  const lines: string[] = []
  let memoryGrowth = 0
  for (const [name, bytes] of Object.entries(last.memory)) {
    const values = half.map(({ atMs, memory }) => [atMs, memory[name] ?? 0] as const)
    const perHour = slope(values) * 3_600_000
    const percent = 100 * slope(values) * (last.atMs - middle.atMs) / (middle.memory[name] || bytes)
    memoryGrowth = Math.max(memoryGrowth, percent)
    lines.push(`${name.padEnd(22)} ${megabytes(bytes)} of memory, ${signed(perHour / 1024 ** 2)} MB per hour (${signed(percent)} % over the second half)`)
  }
  let sizeGrowth = 0
  for (const [name, bytes] of Object.entries(last.sizes)) {
    const perPayment = (from: Sample, to: Sample) => (to.sizes[name]! - from.sizes[name]!) / Math.max(1, to.payments - from.payments)
    const [before, after] = [perPayment(first, middle), perPayment(middle, last)]
    if (before > 0)
      sizeGrowth = Math.max(sizeGrowth, after / before)
    lines.push(`${name.padEnd(22)} ${megabytes(bytes)} with indexes, ${before.toFixed(0)} bytes per payment in the first half, ${after.toFixed(0)} in the second`)
  }
  return { memory_growth_percent: memoryGrowth, size_growth_ratio: sizeGrowth, lines }
}

/** The least-squares slope of y over x. */
function slope(points: (readonly [x: number, y: number])[]): number {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const [x, y] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const spread = points.reduce((sum, [px]) => sum + (px - x) ** 2, 0)
  return spread === 0 ? 0 : points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0) / spread
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1).padStart(7)} MB`
}

function signed(n: number): string {
  return `${n < 0 ? '-' : '+'}${Math.abs(n).toFixed(1)}`
}

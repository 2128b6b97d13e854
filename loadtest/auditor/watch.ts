import type pg from 'pg'
import type { Stack } from '../../compose/src/stack.ts'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { processTree } from '../../compose/src/machine/processes.ts'

/** The parts are made to collect their garbage for each, which makes them stand still for some 100 ms. */
const SAMPLES = 60
const SHORTEST_STEP_MS = 1_000
/** The parts that are Node processes. */
const NODE_PART = /^(?:api|worker|ui)\b/

interface Sample {
  atMs: number
  payments: number
  /** Bytes of memory that a part holds on to, by its name; of a table with its indexes, by its name. */
  memory: Record<string, number>
  sizes: Record<string, number>
}

export interface Watching {
  /** Ends the watch and answers what grew. */
  end: () => Promise<Growth>
}

export interface Growth {
  /** By how many percent the fastest growing part's memory grew over the second half. */
  memory_growth_percent: number
  /** Bytes a payment in the second half to those in the first, of the table where this is the most. */
  size_growth_ratio: number
  /** For a person: a line for each part and each table. */
  lines: string[]
}

/** Samples the memory of each part and the size of each table while a run of `durationMs` goes on: now, and all along. */
export async function watch(stack: Stack, database: pg.Client, durationMs: number): Promise<Watching> {
  const samples = [await sample(stack, database)]
  const ending = new AbortController()
  const stepMs = Math.max(SHORTEST_STEP_MS, durationMs / SAMPLES)
  const sampling = (async () => {
    while (!ending.signal.aborted) {
      await delay(stepMs, undefined, { signal: ending.signal }).catch(() => {})
      samples.push(await sample(stack, database))
    }
  })()
  sampling.catch(() => {}) // told by end()
  return {
    end: async () => {
      ending.abort()
      await sampling
      return growth(samples)
    },
  }
}

async function sample(stack: Stack, database: pg.Client): Promise<Sample> {
  const memory: Record<string, number> = {}
  for (const { name, pid } of await stack.parts()) {
    if (pid === null)
      continue
    // Else it would be known only when V8 collects next, which at a slow rate is after more than half an hour.
    if (NODE_PART.test(name))
      await stack.collectGarbage(name)
    memory[name] = processTree(pid).reduce((sum, pid) => sum + ownMemory(pid), 0)
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

/** Bytes that belong to a process alone: not its program's text, nor what Postgres' processes share. */
function ownMemory(pid: number): number {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres: autovacuum worker'))
      return 0 // what it has it gives back when it ends, within seconds
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  }
  catch {
    return 0 // it has ended
  }
}

/** The first half is for warming up: compilers, caches and free lists. */
function growth(samples: Sample[]): Growth {
  const half = samples.slice(samples.length >> 1)
  const [first, middle, last] = [samples[0]!, half[0]!, samples.at(-1)!]
  const lines: string[] = []
  let memoryGrowth = 0
  for (const [name, bytes] of Object.entries(last.memory)) {
    const values = half.map(({ atMs, memory }) => [atMs, memory[name] ?? 0] as const)
    const perHour = slope(values) * 3_600_000
    const percent = 100 * slope(values) * (last.atMs - middle.atMs) / (middle.memory[name] || bytes)
    memoryGrowth = Math.max(memoryGrowth, percent)
    lines.push(`${name.padEnd(22)} ${megabytes(bytes)} of memory, ${signed(perHour / 1024 ** 2)} MB an hour (${signed(percent)} % over the second half)`)
  }
  let sizeGrowth = 0
  for (const [name, bytes] of Object.entries(last.sizes)) {
    const perPayment = (from: Sample, to: Sample) => (to.sizes[name]! - from.sizes[name]!) / Math.max(1, to.payments - from.payments)
    const [before, after] = [perPayment(first, middle), perPayment(middle, last)]
    if (before > 0)
      sizeGrowth = Math.max(sizeGrowth, after / before)
    lines.push(`${name.padEnd(22)} ${megabytes(bytes)} with its indexes, ${before.toFixed(0)} bytes a payment in the first half, ${after.toFixed(0)} in the second`)
  }
  return { memory_growth_percent: memoryGrowth, size_growth_ratio: sizeGrowth, lines }
}

/** By least squares: y's change for each step of x. */
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

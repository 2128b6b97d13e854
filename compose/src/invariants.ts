import type pg from 'pg'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from './config.ts'
import { Refusal } from './refusal.ts'

const folder = join(repoRoot, 'contracts/invariants')
const PROMISE = /^-- ([a-z0-9-]+): (.*(?:\n-- {3}.*)*)/gm

/** One pass over some tables. What its file promises is kept while its query finds no row. */
interface Pass {
  file: string
  sql: string
  promises: { name: string, text: string }[]
}

type Row = Record<string, unknown> & { broken: string[] }

export interface CheckedInvariant {
  name: string
  /** The pass that checks this promise, with others. */
  file: string
  promise: string
  /** What breaks the promise: none when it is kept. */
  rows: Record<string, unknown>[]
  /** Of the whole pass. */
  tookMs: number
}

/**
 * Checks every promise of contracts/invariants, all in one snapshot: payments that settle meanwhile cannot make two passes
 * disagree. Looks at everything, or with `since` only at payments whose id is not below it, and at whatever has no history:
 * accounts, unfinished jobs, guards.
 */
export async function* checkInvariants(client: pg.Client, since?: string): AsyncGenerator<CheckedInvariant> {
  const passes = readPasses()
  await client.query('begin isolation level repeatable read read only')
  // In full, each pass joins whole tables once: by hash, in memory, on two processors, never compiled, which takes longer than it saves.
  await client.query(`set local work_mem = '256MB'; set local jit = off`)
  if (!since)
    await client.query(`set local enable_nestloop = off; set local enable_indexscan = off; set local enable_mergejoin = off; set local max_parallel_workers_per_gather = 2; set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0`)
  await client.query(`select set_config('audit.since', $1, true)`, [since ?? ''])
  for (const { file, sql, promises } of passes) {
    const begin = Date.now()
    const { rows } = await client.query<Row>(sql)
    const tookMs = Date.now() - begin
    for (const { name, text } of promises)
      yield { name, file, promise: text, rows: rows.filter(({ broken }) => broken.includes(name)), tookMs }
  }
  await client.query('commit')
}

function readPasses(): Pass[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0)
    throw new Refusal(`there is no invariant in ${folder}`)
  return files.map((file) => {
    const sql = readFileSync(join(folder, file), 'utf8')
    const promises = [...sql.matchAll(PROMISE)].map(([, name, text]) => ({ name: name!, text: text!.replaceAll(/\n-- +/g, ' ') }))
    return { file, sql, promises }
  })
}

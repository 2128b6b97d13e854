import type pg from 'pg'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from './config.ts'
import { Refusal } from './refusal.ts'

const folder = join(repoRoot, 'contracts/invariants')
/** The files start from this id, so that they run unchanged by hand. An incremental audit replaces it with its first id. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const PROMISE = /^-- ([a-z0-9-]+): (.*(?:\n-- {3}.*)*)/gm

/** One pass over some tables. The promises in its file hold if its query returns no row. */
interface Pass {
  file: string
  sql: string
  promises: { name: string, text: string }[]
}

type Row = Record<string, unknown> & { broken: string[] }

export interface CheckedInvariant {
  name: string
  /** The file of the pass, which checks this promise among others. */
  file: string
  promise: string
  /** The rows that break the promise; empty if the promise holds. */
  rows: Record<string, unknown>[]
  /** Duration of the whole pass. */
  tookMs: number
}

/**
 * Checks every promise of contracts/invariants in one snapshot, so that payments that settle during the check cannot make two
 * passes disagree. With `since`, checks only payments with this id or a later one, and all accounts, unfinished jobs and guards.
 */
export async function* checkInvariants(client: pg.Client, since?: string): AsyncGenerator<CheckedInvariant> {
  const passes = readPasses()
  await client.query('begin isolation level repeatable read read only')
  // In a full audit each pass joins whole tables once: by hash, in memory, on two processors, without JIT, which costs more than it saves.
  await client.query(`set local work_mem = '256MB'; set local jit = off`)
  if (!since)
    await client.query(`set local enable_nestloop = off; set local enable_indexscan = off; set local enable_mergejoin = off; set local max_parallel_workers_per_gather = 2; set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0`)
  for (const { file, sql, promises } of passes) {
    const begin = Date.now()
    const { rows } = await client.query<Row>(since ? sql.replaceAll(FIRST_ID, since) : sql)
    const tookMs = Date.now() - begin
    for (const { name, text } of promises)
      yield { name, file, promise: text, rows: rows.filter(({ broken }) => broken.includes(name)), tookMs }
  }
  await client.query('commit')
}

function readPasses(): Pass[] {
  const files = readdirSync(folder).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0)
    throw new Refusal(`${folder} has no .sql file, so there is nothing to check. Restore the folder with git.`)
  return files.map((file) => {
    const sql = readFileSync(join(folder, file), 'utf8')
    const promises = [...sql.matchAll(PROMISE)].map(([, name, text]) => ({ name: name!, text: text!.replaceAll(/\n-- +/g, ' ') }))
    return { file, sql, promises }
  })
}

import type pg from 'pg'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from './config.ts'
import { connect, disconnect } from './machine/connect.ts'
import { Refusal } from './refusal.ts'

const folder = join(repoRoot, 'contracts/invariants')
/** The files start from this id, so that they run unchanged by hand. An incremental audit replaces it with its first id. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const PROMISE = /^-- ([a-z0-9-]+): (.*(?:\n-- {3}.*)*)/gm
/** Passes that run at the same time: as many as read whole tables. */
const CONNECTIONS = 3

/** One pass over some tables. The promises in its file hold if its query returns no row. */
interface Pass {
  file: string
  sql: string
  promises: { name: string, text: string }[]
}

type Row = Record<string, unknown> & { broken: string[] }

export interface CheckedInvariant {
  name: string
  /** The file that explains this promise. */
  file: string
  promise: string
  /** The rows that break the promise; empty if the promise holds. */
  rows: Record<string, unknown>[]
  /** Duration of the file's whole pass. */
  tookMs: number
}

/**
 * Checks every promise of contracts/invariants in one snapshot, so that payments that settle during the check cannot make two
 * passes disagree. With `since`, checks only payments with this id or a later one, and all accounts, unfinished jobs and guards.
 * Opens three connections to `databaseUrl`. Throws a Refusal if it cannot connect.
 */
export async function checkInvariants(databaseUrl: string, queryTimeoutMs: number, since?: string): Promise<CheckedInvariant[]> {
  const passes = readPasses()
  const clients: pg.Client[] = []
  try {
    for (let n = 0; n < CONNECTIONS; n++)
      clients.push(await connect(databaseUrl, queryTimeoutMs))
    await shareSnapshot(clients, since === undefined)
    const waiting = [...passes]
    const results = new Map<Pass, { rows: Row[], tookMs: number }>()
    await Promise.all(clients.map(async (client) => {
      for (let pass = waiting.shift(); pass; pass = waiting.shift()) {
        const begin = Date.now()
        const { rows } = await client.query<Row>(since ? pass.sql.replaceAll(FIRST_ID, since) : pass.sql)
        results.set(pass, { rows, tookMs: Date.now() - begin })
      }
    }))
    const rows = [...results.values()].flatMap(result => result.rows)
    return passes.flatMap(pass => pass.promises.map(({ name, text }) =>
      ({ name, file: pass.file, promise: text, rows: rows.filter(({ broken }) => broken.includes(name)), tookMs: results.get(pass)!.tookMs })))
  }
  finally {
    await Promise.all(clients.map(disconnect))
  }
}

/** Begins a read-only transaction on each connection. All of them see the same snapshot. */
async function shareSnapshot(clients: pg.Client[], full: boolean): Promise<void> {
  let snapshot: string | undefined
  for (const client of clients) {
    await client.query('begin isolation level repeatable read read only')
    if (snapshot)
      await client.query(`set transaction snapshot '${snapshot}'`)
    else
      snapshot = (await client.query<{ id: string }>('select pg_export_snapshot() as id')).rows[0]!.id
    // The connections share the processors. JIT costs more than it saves.
    await client.query(`set local work_mem = '128MB'; set local jit = off; set local max_parallel_workers_per_gather = 0`)
    if (full) // each pass joins whole tables
      await client.query(`set local enable_nestloop = off`)
  }
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

import type { CheckInvariants, Pass, PassOutcome } from '../domain/proofs.ts'
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { MAX_ROWS } from '../domain/proofs.ts'

/** The API's copy of contracts/invariants; a test compares the two. */
export const INVARIANTS_DIR = new URL('../../invariants/', import.meta.url)
/** Each file starts from this id. A run replaces it with the first id that the last anchor does not cover. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const INVARIANT = /^-- ([a-z0-9-]+): (.*(?:\n-- {3}.*)*)/gm

const CONNECT_TIMEOUT_MS = 1_500
/** A pass that takes longer is given up: `make audit` has no such limit. */
const PASS_TIMEOUT_MS = 20_000
const QUERY_CANCELED = '57014'
/** How much older a payment's id may be than its row: the API's clock may be slow, and the payment waits to be written. */
const LATEST_HOURS = 1

/** Reads the invariants and their queries. */
export function readPasses(): Pass[] {
  return readdirSync(INVARIANTS_DIR).filter(name => name.endsWith('.sql')).sort().map((name) => {
    const sql = readFileSync(new URL(name, INVARIANTS_DIR), 'utf8')
    return {
      sql,
      invariants: [...sql.matchAll(INVARIANT)].map(([, name, text]) => ({ name: name!, sentence: text!.replaceAll(/\n-- +/g, ' ') })),
    }
  })
}

/**
 * Checks invariants over one connection, which it opens for the run, in one snapshot. Checks the payments since the last anchor,
 * and all accounts, unfinished jobs and guards.
 */
export function checkInvariants(databaseUrl: string, passTimeoutMs = PASS_TIMEOUT_MS): CheckInvariants {
  return async function* (passes, begun) {
    const client = new pg.Client({ connectionString: databaseUrl, application_name: 'payments-api proofs', connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: 2 * passTimeoutMs })
    client.on('error', () => {}) // the statement in flight rejects too
    await client.connect()
    try {
      await client.query('begin isolation level repeatable read read only')
      await client.query(`set local statement_timeout = ${passTimeoutMs}; set local work_mem = '64MB'; set local jit = off`)
      const since = await firstUncovered(client)
      begun(since)
      for (const pass of passes) {
        const startedAtMs = performance.now()
        const outcome = await runPass(client, since === undefined ? pass.sql : pass.sql.replaceAll(FIRST_ID, since))
        yield { pass, outcome, tookMs: Math.round(performance.now() - startedAtMs) }
      }
    }
    finally {
      await client.end()
    }
  }
}

/** The lowest id that a payment accepted after the last anchor can have; undefined without an anchor. */
async function firstUncovered(client: pg.Client): Promise<string | undefined> {
  const { rows: [anchor] } = await client.query<{ since: string }>(`
    select (lpad(to_hex((extract(epoch from created_at - interval '${LATEST_HOURS} hours') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid as since
      from audit_anchors
     order by seq desc
     limit 1`)
  return anchor?.since
}

/** Runs one query. A savepoint keeps the snapshot for the next one if this one takes too long. */
async function runPass(client: pg.Client, sql: string): Promise<PassOutcome> {
  await client.query('savepoint pass')
  try {
    const { rows } = await client.query<{ broken: string[] }>(`select * from (${sql.replace(/;\s*$/, '')}\n) pass limit ${MAX_ROWS}`)
    await client.query('release savepoint pass')
    return rows
  }
  catch (error) {
    if ((error as { code?: string }).code !== QUERY_CANCELED)
      throw error
    await client.query('rollback to savepoint pass')
    return undefined
  }
}

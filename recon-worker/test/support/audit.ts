import type pg from 'pg'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const CONTRACTS = process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../../contracts')
const INVARIANTS = join(CONTRACTS, 'invariants')

const queries = readdirSync(INVARIANTS).filter(name => name.endsWith('.sql')).sort().map(name => readFileSync(join(INVARIANTS, name), 'utf8'))

/** The names of all promises that the invariants check. */
export const promises = queries.flatMap(sql => [...sql.matchAll(/^-- ([a-z0-9-]+): /gm)].map(([, name]) => name!))

/** Extends the chain of anchors, as `make audit-anchor` does. */
export async function anchor(owner: pg.Client): Promise<void> {
  await owner.query(readFileSync(join(CONTRACTS, 'anchor.sql'), 'utf8'))
}

/** Runs every invariant in full. Returns the names of the broken promises, sorted. */
export async function brokenPromises(owner: pg.Client): Promise<string[]> {
  const broken = new Set<string>()
  for (const sql of queries) {
    for (const row of (await owner.query<{ broken: string[] }>(sql)).rows)
      row.broken.forEach(name => broken.add(name))
  }
  return [...broken].sort()
}

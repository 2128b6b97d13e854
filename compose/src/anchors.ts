import type pg from 'pg'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { repoRoot } from './config.ts'
import { Refusal } from './refusal.ts'

const anchorSql = readFileSync(join(repoRoot, 'contracts/anchor.sql'), 'utf8')

/** How much older a payment's id may be than its row: the API's clock may be slow, and the payment waits to be written. */
const LATEST_HOURS = 1

/** An anchor as saved outside the database: one line of JSON. */
const savedAnchor = z.object({
  /** The cluster and database of the anchor: one data folder may serve several over time. */
  database: z.string(),
  seq: z.int().positive(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  payments: z.coerce.number(),
  results: z.coerce.number(),
  createdAt: z.coerce.date(),
})
export type Anchor = z.infer<typeof savedAnchor>

const DATABASE = `(select system_identifier from pg_control_system()) || '/' || current_database()`
const COLUMNS = `
  ${DATABASE} as database, seq, encode(digest, 'hex') as digest, payments, results, created_at as "createdAt"`

/** The newest anchor of a database, and the lowest id that a payment accepted after it can have. */
export async function lastAnchor(client: pg.Client): Promise<Anchor & { since: string } | undefined> {
  const { rows: [row] } = await client.query<{ since: string }>(`
    select ${COLUMNS},
           (lpad(to_hex((extract(epoch from created_at - interval '${LATEST_HOURS} hours') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid as since
      from audit_anchors
     order by seq desc
     limit 1`)
  return row && { ...savedAnchor.parse(row), since: row.since }
}

/** Whether this login may add anchors: the schema's owner and superusers may, on a primary that is not read-only. */
export async function mayAddAnchors(client: pg.Client): Promise<boolean> {
  const { rows: [row] } = await client.query<{ may: boolean }>(`
    select has_table_privilege('audit_anchors', 'insert') and not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off' as may`)
  return row!.may
}

/** Extends the chain of anchors and appends the new anchor to a file. A lock orders the anchors of concurrent audits. */
export async function extendAnchors(client: pg.Client, file: string): Promise<Anchor> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 }) // a stack that `docker compose up` started has no data folder yet
  await client.query('begin')
  await client.query(`lock table audit_anchors in share row exclusive mode; set local work_mem = '256MB'; set local jit = off`)
  await client.query(anchorSql)
  await client.query('commit')
  const { since: _, ...anchor } = (await lastAnchor(client))!
  appendFileSync(file, `${JSON.stringify(anchor)}\n`, { mode: 0o600 })
  return anchor
}

/** The anchors of this database that are saved in a file. */
export async function savedAnchors(client: pg.Client, file: string): Promise<Anchor[]> {
  const { rows: [row] } = await client.query<{ database: string }>(`select ${DATABASE} as database`)
  return readAnchors(file).filter(({ database }) => database === row!.database)
}

function readAnchors(file: string): Anchor[] {
  let lines: string[]
  try {
    lines = readFileSync(file, 'utf8').split('\n').filter(line => line !== '')
  }
  catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return []
    throw error
  }
  try {
    return lines.map(line => savedAnchor.parse(JSON.parse(line)))
  }
  catch {
    throw new Refusal(`${file} has a line that is not an anchor. Restore the file from a copy, or remove the line.`)
  }
}

/** The saved anchors that are missing from the database or differ there. */
export async function missingAnchors(client: pg.Client, saved: Pick<Anchor, 'seq' | 'digest'>[]): Promise<object[]> {
  const { rows } = await client.query<object>(`
    select saved.seq, saved.digest as saved, encode(a.digest, 'hex') as found
      from unnest($1::int[], $2::text[]) saved(seq, digest)
      left join audit_anchors a on a.seq = saved.seq
     where encode(a.digest, 'hex') is distinct from saved.digest`, [saved.map(({ seq }) => seq), saved.map(({ digest }) => digest)])
  return rows
}

/** An anchor as printed, for ANCHOR=seq:digest. */
export const anchorText = ({ seq, digest }: Pick<Anchor, 'seq' | 'digest'>): string => `${seq}:${digest}`

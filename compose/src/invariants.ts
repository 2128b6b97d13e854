import type pg from 'pg'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from './config.ts'
import { Refusal } from './refusal.ts'

const folder = join(repoRoot, 'contracts/invariants')

export interface CheckedInvariant {
  file: string
  promise: string
  /** What breaks the promise: none when it is kept. */
  rows: Record<string, unknown>[]
  tookMs: number
}

/**
 * Runs every invariant of contracts/invariants, each as soon as it is asked for. Each file promises something in its
 * first comment, and its query finds what breaks the promise.
 */
export async function* checkInvariants(client: pg.Client): AsyncGenerator<CheckedInvariant> {
  const files = readdirSync(folder).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0)
    throw new Refusal(`there is no invariant in ${folder}`)
  // One snapshot for all: payments that settle meanwhile cannot make two queries disagree.
  await client.query('begin isolation level repeatable read read only')
  for (const file of files) {
    const sql = readFileSync(join(folder, file), 'utf8')
    const begin = Date.now()
    const { rows } = await client.query<Record<string, unknown>>(sql)
    yield { file, promise: promise(sql), rows, tookMs: Date.now() - begin }
  }
  await client.query('commit')
}

/** What a file promises: the comment lines that it starts with. */
function promise(sql: string): string {
  const lines = sql.split('\n')
  const end = lines.findIndex(line => !line.startsWith('--'))
  return lines.slice(0, end === -1 ? undefined : end).map(line => line.replace(/^--\s*/, '')).join(' ')
}

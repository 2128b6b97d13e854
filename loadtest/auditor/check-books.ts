import type { Findings } from './findings.ts'
import { checkInvariants } from '../../compose/src/invariants.ts'

export interface CheckedInvariant { promise: string, file: string, violations: number }

/** After minutes of chaos the whole books are checked on a machine that has not calmed down yet. */
const QUERY_TIMEOUT_MS = 300_000

/** Checks every invariant of contracts/invariants; with `since`, a payment's id, only what is as new or not finished. */
export async function checkBooks(databaseUrl: string, findings: Findings, since?: string): Promise<CheckedInvariant[]> {
  const invariants: CheckedInvariant[] = []
  for (const { promise, name, file, rows } of await checkInvariants(databaseUrl, QUERY_TIMEOUT_MS, since)) {
    invariants.push({ promise, file, violations: rows.length })
    for (const row of rows)
      findings.add(`broken invariant: ${promise} (${file}: ${name})`, JSON.stringify(row))
  }
  return invariants
}

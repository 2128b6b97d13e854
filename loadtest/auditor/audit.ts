import type { Stack } from '../../compose/src/stack.ts'
import type { Drained } from './drain.ts'
import type { Listening } from './follow-events.ts'
import type { Noted } from './journal.ts'
import type { Growth, Watching } from './watch.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { checkInvariants } from '../../compose/src/invariants.ts'
import { connect } from '../../compose/src/machine/connect.ts'
import { reconcileAccount } from './check-journal.ts'
import { checkAnswers } from './check-responses.ts'
import { databaseTime, untilSettled } from './drain.ts'
import { Findings } from './findings.ts'
import { acceptedAt } from './follow-events.ts'
import { readAccount } from './journal.ts'

const QUERY_TIMEOUT_MS = 60_000
/** The last events may still be under way when all is settled. */
const EVENTS_TIMEOUT_MS = 5_000
const EVENTS_POLL_MS = 50

/** What a scenario's run has left to look at. */
export interface Evidence {
  /** Begins every key and account of the run. */
  run: string
  accountFile: string
  drained: Drained[]
  /** When it is aborted, k6 notes nothing of the requests that are under way. */
  signal: AbortSignal
  listening?: Listening
  watching?: Watching
}

export interface Invariant { promise: string, file: string, broken: number }

export interface Audit {
  passed: boolean
  invariants: Invariant[]
  /** What is wrong, in words. */
  findings: string[]
  /** Payments that k6 was told to be made, and payments of the run that are in the database. */
  acknowledged: number
  payments: number
  /** How often k6 got each kind of response to POST /payments. */
  answers: Partial<Record<Noted['kind'], number>>
  /** What thresholds of a scenario may be set on: see k6/lib/harness.ts. */
  figures: Record<string, number>
  growth?: Growth
}

/** Waits until all is settled, then checks every invariant, and compares what k6 was told with the database. */
export async function audit(stack: Stack, { run, accountFile, signal, listening, watching }: Evidence): Promise<Audit> {
  const findings = new Findings()
  const growth = await watching?.end().catch((error: Error) => void findings.add('what grows could not be watched', error.message))
  const database = await connect(stack.endpoints().databaseUrl, QUERY_TIMEOUT_MS)
  try {
    await untilSettled(database, await databaseTime(database)).catch((error: Error) => findings.add('waits in vain', error.message))
    const { attempts, shown } = await readAccount(accountFile)
    const { settleMs, ids, acknowledged, payments } = await reconcileAccount(attempts, { run, complete: !signal.aborted }, database, findings)
    const figures: Record<string, number> = settleMs.length === 0 ? {} : { settle_p95_ms: quantile(settleMs, 0.95), settle_p99_ms: quantile(settleMs, 0.99) }
    if (listening)
      Object.assign(figures, await checkEvents(listening, ids, findings))
    if (shown.length > 0)
      checkAnswers([...shown, ...listening?.answers.map(answer => ({ ...answer, method: 'GET', body: '' })) ?? []], findings)
    if (growth)
      Object.assign(figures, { memory_growth_percent: growth.memory_growth_percent, size_growth_ratio: growth.size_growth_ratio })

    const invariants: Invariant[] = []
    for await (const { promise, name, file, rows } of checkInvariants(database)) {
      invariants.push({ promise, file, broken: rows.length })
      for (const row of rows)
        findings.add(`broken: ${promise} (${file}: ${name})`, JSON.stringify(row))
    }
    return { passed: findings.lines.length === 0, invariants, findings: findings.lines, acknowledged, payments, answers: countKinds(attempts), figures, growth }
  }
  finally {
    listening?.close()
    await database.end()
  }
}

function countKinds(attempts: Map<string, Noted[]>): Audit['answers'] {
  const counts: Audit['answers'] = {}
  for (const { kind } of [...attempts.values()].flat())
    counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** Checks that each stream announced each payment once. Returns how long after acceptance the last stream did. */
async function checkEvents({ streams, seen, interruptions }: Listening, ids: string[], findings: Findings): Promise<Record<string, number>> {
  const deadline = Date.now() + EVENTS_TIMEOUT_MS
  while (ids.some(id => (seen.get(id)?.times ?? 0) < streams) && Date.now() < deadline)
    await delay(EVENTS_POLL_MS)
  if (interruptions > 0)
    findings.add('interruptions of event streams', String(interruptions))
  const latencies: number[] = []
  for (const id of ids) {
    const { times, at } = seen.get(id) ?? { times: 0, at: 0 }
    if (times !== streams)
      findings.add('payments that not every event stream told of once', `${id}: ${times} times, by ${streams} streams`)
    else
      latencies.push(at - acceptedAt(id))
  }
  latencies.sort((a, b) => a - b)
  return latencies.length > 0 ? { event_p95_ms: quantile(latencies, 0.95) } : {}
}

/** Of sorted values, which there must be. */
function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
}

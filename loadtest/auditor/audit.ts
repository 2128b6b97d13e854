import type { Stack } from '../../compose/src/stack.ts'
import type { CheckedInvariant } from './check-books.ts'
import type { EventStreams } from './follow-events.ts'
import type { Journal } from './journal.ts'
import type { PaymentResponseKind } from './response-kind.ts'
import type { Growth, GrowthSampling } from './sample-growth.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../../compose/src/machine/connect.ts'
import { checkBooks } from './check-books.ts'
import { checkJournal } from './check-journal.ts'
import { checkOpenApi } from './check-openapi.ts'
import { Findings } from './findings.ts'
import { acceptedAt } from './follow-events.ts'
import { readJournal } from './journal.ts'
import { waitUntilSettled } from './wait-until-settled.ts'

const QUERY_TIMEOUT_MS = 60_000
/** The last events may arrive after everything is settled. */
const EVENTS_TIMEOUT_MS = 5_000
const EVENTS_POLL_MS = 50

/** What a run leaves for its audit. */
export interface Evidence {
  /** The prefix of every idempotency key and account of the run. */
  runId: string
  journalFile: string
  /** Once aborted, k6 no longer records the requests in flight, so the journal is incomplete. */
  signal: AbortSignal
  eventStreams?: EventStreams
  growthSampling?: GrowthSampling
}

export interface Audit {
  passed: boolean
  invariants: CheckedInvariant[]
  findings: string[]
  /** Payments and refunds that a response acknowledged to k6. */
  acknowledged: number
  /** The number of responses for payments and refunds, by kind. */
  responses: Partial<Record<PaymentResponseKind, number>>
  /** Measurements that scenarios set thresholds on: see k6/lib/harness.ts. */
  figures: Record<string, number>
  growth?: Growth
}

/** Waits until everything is settled, checks every invariant, and compares k6's journal with the database. */
export async function audit(stack: Stack, { runId, journalFile, signal, eventStreams, growthSampling }: Evidence): Promise<Audit> {
  const findings = new Findings()
  const growth = await growthSampling?.end().catch((error: Error) => void findings.add('growth could not be sampled', error.message))
  const database = await connect(stack.endpoints().databaseUrl, QUERY_TIMEOUT_MS)
  try {
    await waitUntilSettled(database).catch((error: Error) => findings.add('timeouts', error.message))
    const journal = await readJournal(journalFile)
    const { settleMs, ids, acknowledged } = await checkJournal(journal, { runId, complete: !signal.aborted }, database, findings)
    const figures: Record<string, number> = settleMs.length === 0 ? {} : { settle_p95_ms: quantile(settleMs, 0.95), settle_p99_ms: quantile(settleMs, 0.99) }
    if (eventStreams)
      Object.assign(figures, await checkEvents(eventStreams, ids, findings))
    if (journal.exchanges.length > 0) {
      const opened = eventStreams?.responses.map(response => ({ ...response, method: 'GET', body: '' })) ?? []
      for (const operation of checkOpenApi([...journal.exchanges, ...opened], findings))
        findings.add('operations that were not called', operation)
    }
    if (growth)
      Object.assign(figures, { memory_growth_percent: growth.memory_growth_percent, size_growth_ratio: growth.size_growth_ratio })

    const invariants = await checkBooks(stack.endpoints().databaseUrl, findings)
    return { passed: findings.lines.length === 0, invariants, findings: findings.lines, acknowledged, responses: countKinds(journal), figures, growth }
  }
  finally {
    eventStreams?.close()
    await database.end()
  }
}

function countKinds({ payments }: Journal): Audit['responses'] {
  const counts: Audit['responses'] = {}
  for (const { kind } of [...payments.values()].flat())
    counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** Checks that each stream announced each payment once. Returns how long after acceptance the last stream did. */
async function checkEvents({ count, seen, interruptions }: EventStreams, ids: string[], findings: Findings): Promise<Record<string, number>> {
  const deadline = Date.now() + EVENTS_TIMEOUT_MS
  while (ids.some(id => (seen.get(id)?.times ?? 0) < count) && Date.now() < deadline)
    await delay(EVENTS_POLL_MS)
  if (interruptions > 0)
    findings.add('interruptions of event streams', String(interruptions))
  const latencies: number[] = []
  for (const id of ids) {
    const { times, at } = seen.get(id) ?? { times: 0, at: 0 }
    if (times !== count)
      findings.add('payments that not every event stream announced once', `${id}: ${times} times on ${count} streams`)
    else
      latencies.push(at - acceptedAt(id))
  }
  latencies.sort((a, b) => a - b)
  return latencies.length > 0 ? { event_p95_ms: quantile(latencies, 0.95) } : {}
}

/** `sorted` must have at least one value. */
function quantile(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
}

import type { ChaosJournal, Exchange } from '../auditor/chaos/journal.ts'
import type { CheckedInvariant } from '../auditor/check-books.ts'
import type { Excuse } from '../faults/fault.ts'
import type { System } from '../runner/with-system.ts'
import type { Client } from './client.ts'
import type { Generator } from './start-generator.ts'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, disconnect } from '../../compose/src/machine/connect.ts'
import { readBooks } from '../auditor/chaos/books.ts'
import { checkRound } from '../auditor/chaos/check-round.ts'
import { checkStreams } from '../auditor/chaos/check-streams.ts'
import { checkTransactions } from '../auditor/chaos/check-transactions.ts'
import { readChaosJournal } from '../auditor/chaos/journal.ts'
import { paymentEntries } from '../auditor/chaos/payment-entries.ts'
import { checkBooks } from '../auditor/check-books.ts'
import { checkJournal } from '../auditor/check-journal.ts'
import { Findings } from '../auditor/findings.ts'
import { waitUntilRunSettled } from '../auditor/wait-until-settled.ts'
import { findDeadlocks } from './find-deadlocks.ts'
import { readPages, revealKeys } from './reveal.ts'

const QUERY_TIMEOUT_MS = 60_000
/** Longer than a worker's longest wait before it tries a refused job again within a round. */
const SETTLE_TIMEOUT_MS = 60_000
/** A stream may have to notice first that its connection, or its process's, is dead. */
const STREAMS_TIMEOUT_MS = 30_000
const STREAMS_POLL_MS = 500
/** Accounts whose lists are read page by page. */
const PAGED_ACCOUNTS = 3

export interface RoundAudit {
  findings: Findings
  journal: ChaosJournal
  payments: number
  lost: number
  duplicated: number
  centsOff: bigint
  invariants: CheckedInvariant[]
}

export interface AuditedRound {
  folder: string
  runId: string
  generator: Generator
  client: Client
  /** Epoch milliseconds. */
  from: number
  /** What the round's faults may have caused. */
  excuses: ReadonlySet<Excuse>
}

/** Audits a round whose callers have stopped: reveals each unknown outcome, and compares all that callers saw with the database. */
export async function auditRound({ stack, apis }: Pick<System, 'stack' | 'apis'>, { folder, runId, generator, client, from, excuses }: AuditedRound): Promise<RoundAudit> {
  const findings = new Findings()
  const journalNow = () => readChaosJournal(readdirSync(folder).filter(name => name.endsWith('.jsonl')).map(name => join(folder, name)))
  const database = await connect(stack.endpoints().databaseUrl, QUERY_TIMEOUT_MS)
  try {
    const settled = () => waitUntilRunSettled(database, runId, SETTLE_TIMEOUT_MS).catch((error: Error) => findings.add('timeouts', error.message))
    const compare = (exchanges: Exchange[]) => checkJournal({ payments: paymentEntries(exchanges) }, { runId, complete: true }, database, findings)
    await settled()
    // Compared before each key is repeated: afterwards a payment that was refused, but written, looks acknowledged.
    const { exchanges } = journalNow()
    const { keys: keysBefore } = await compare(exchanges)
    await revealKeys(exchanges, client, apis)
    await settled()
    const books = await readBooks(database, runId)
    await readPages([...new Set(books.payments.map(({ accountId }) => accountId))].slice(0, PAGED_ACCOUNTS), client, apis)
    await until(() => passes(f => checkStreams(journalNow(), books, { from, to: Date.now() }, f)))
    await generator.stop()

    const journal = journalNow()
    const { acknowledged, centsOff } = await compare(journal.exchanges)
    checkRound({ journal, keysBefore, books, window: { from, to: Date.now() } }, findings)
    checkTransactions(books, { mayRefuse: excuses.has('attempts') }, findings)
    for (const line of excuses.has('deadlocks') ? [] : await findDeadlocks(stack, from))
      findings.add('deadlocks although only our own transactions took locks', line)
    const invariants = await checkBooks(stack.endpoints().databaseUrl, findings, firstIdAt(from))
    return {
      findings,
      journal,
      payments: acknowledged,
      lost: findings.count('acknowledged payments missing from the database', 'acknowledged keys that were new again'),
      duplicated: findings.count('keys with two payments', 'keys that were not new exactly once', 'payments that were not posted exactly once'),
      centsOff,
      invariants,
    }
  }
  finally {
    await disconnect(database)
  }
}

function passes(check: (findings: Findings) => void): boolean {
  const findings = new Findings()
  check(findings)
  return findings.lines.length === 0
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + STREAMS_TIMEOUT_MS
  while (!condition() && Date.now() < deadline)
    await delay(STREAMS_POLL_MS)
}

/** The lowest id of a payment accepted at this time: a version 7 UUID (RFC 9562) begins with its milliseconds. */
function firstIdAt(ms: number): string {
  const time = Math.floor(ms).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

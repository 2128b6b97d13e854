import type { Findings } from '../findings.ts'
import type { Books } from './books.ts'
import type { ChaosJournal, Exchange } from './journal.ts'
import { checkOpenApi } from '../check-openapi.ts'
import { isRefundRefusal } from '../response-kind.ts'
import { checkBalancesAt } from './check-balances-at.ts'
import { checkPages } from './check-pages.ts'
import { checkReadsOfEntries, checkReadsOfPayments } from './check-reads.ts'
import { checkReadsOfRefunds } from './check-refund-reads.ts'
import { checkReplays } from './check-replays.ts'
import { checkStreams } from './check-streams.ts'
import { checkVersions } from './check-versions.ts'
import { kindOf, problemOf } from './journal.ts'

export interface RoundEvidence {
  /** Everything sent and received, the audit's own requests included. */
  journal: ChaosJournal
  /** The keys that the database had before the audit repeated them. */
  keysBefore: ReadonlySet<string>
  /** The database once the round is over and everything has settled. */
  books: Books
  /** Epoch milliseconds. */
  window: { from: number, to: number }
}

/** Checks what callers saw in a round against each other and against the database. */
export function checkRound({ journal, keysBefore, books, window }: RoundEvidence, findings: Findings): void {
  const { exchanges } = journal
  checkReplays(exchanges, keysBefore, findings)
  checkReadsOfPayments(exchanges, books, findings)
  checkReadsOfRefunds(exchanges, findings)
  checkReadsOfEntries(exchanges, books, findings)
  checkBalancesAt(exchanges, books, findings)
  checkVersions(exchanges, findings)
  checkPages(exchanges, books, findings)
  checkStreams(journal, books, window, findings)
  checkOpenApi(exchanges.filter(({ status }) => status !== 0), findings)
}

/** What callers met besides success and refunds that the payment does not allow, such as `503 unavailable` or `ECONNRESET`, with how often. */
export function countErrors(exchanges: Exchange[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const exchange of exchanges) {
    const error = errorOf(exchange)
    if (error !== undefined)
      counts[error] = (counts[error] ?? 0) + 1
  }
  return counts
}

function errorOf(exchange: Exchange): string | undefined {
  const { status, error, contentType, body } = exchange
  if (status === 0)
    return error
  if ((status < 500 && status !== 409 && status !== 408) || isRefundRefusal(kindOf(exchange)))
    return undefined
  return `${status} ${problemOf({ contentType, body }) ?? contentType}`
}

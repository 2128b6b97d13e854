import type pg from 'pg'
import type { Findings } from './findings.ts'
import type { Journal, PaymentEntry } from './journal.ts'
import type { StoredPayment } from './stored-payments.ts'
import { z } from 'zod'
import { cents } from './cents.ts'
import { checkIdempotencyKey, firstAcknowledged, mayExist } from './check-idempotency-key.ts'
import { checkRefunds } from './check-refunds.ts'
import { leftCents, postedCents, statusOf, storedPayments } from './stored-payments.ts'

interface JournalCheck {
  acknowledged: number
  /** Milliseconds from accepted to settled, sorted. */
  settleMs: number[]
  ids: string[]
  /** The keys that the database has. */
  keys: ReadonlySet<string>
  /** By how much the accounts' balances differ from the sum of their payments, in cents. */
  centsOff: bigint
}

const paymentBody = z.object({ id: z.string(), accountId: z.string(), amount: z.string(), currency: z.string(), paymentId: z.string().optional() })

/**
 * Compares the payments and refunds of the journal with the database. Every acknowledged one exists once, as acknowledged, and is
 * settled; refused ones do not exist; a payment's status follows from its refunds, which never exceed it; each account of the run
 * holds the sum of its payments less its refunds. An incomplete journal may lack payments that the database has.
 */
export async function checkJournal({ payments: journal }: Pick<Journal, 'payments'>, { runId, complete }: { runId: string, complete: boolean }, database: pg.Client, findings: Findings): Promise<JournalCheck> {
  const seen = new Set<string>()
  const result: JournalCheck = { acknowledged: 0, settleMs: [], ids: [], keys: seen, centsOff: 0n }
  const sums = new Map<string, bigint>()
  const left = new Map<string, bigint>()
  // One snapshot: payments whose response was lost may be accepted and settled during the check.
  await database.query('begin isolation level repeatable read read only')
  for await (const payment of storedPayments(runId, database)) {
    result.ids.push(payment.id)
    if (seen.has(payment.key))
      findings.add('keys with two payments', payment.key)
    seen.add(payment.key)
    if (complete || journal.has(payment.key))
      comparePayment(payment, journal.get(payment.key) ?? [], findings)
    if (payment.settle_ms !== null)
      result.settleMs.push(payment.settle_ms)
    sums.set(payment.account_id, (sums.get(payment.account_id) ?? 0n) + postedCents(payment))
    if (payment.refund_of === null)
      left.set(payment.id, leftCents(payment))
  }
  for (const [key, entries] of journal) {
    checkIdempotencyKey(key, entries, findings)
    const acknowledged = firstAcknowledged(entries)
    if (acknowledged)
      result.acknowledged++
    if (acknowledged && !seen.has(key))
      findings.add('acknowledged payments missing from the database', `${key}: ${acknowledged.body}`)
  }
  checkRefunds(journal, left, findings)
  result.centsOff = await compareBalances(sums, runId, database, findings)
  await database.query('commit')
  result.settleMs.sort((a, b) => a - b)
  return result
}

function comparePayment(stored: StoredPayment, entries: PaymentEntry[], findings: Findings): void {
  const acknowledged = firstAcknowledged(entries)
  if (!acknowledged && !mayExist(entries))
    findings.add(entries.length > 0 ? 'refused payments that exist in the database' : 'payments in the database that no caller sent', `${stored.key}: ${stored.id}`)
  if (acknowledged) {
    const { data } = paymentBody.safeParse(JSON.parse(acknowledged.body))
    const { accountId, amount = stored.amount, refundOf = null } = acknowledged
    const asAcknowledged = data?.id === stored.id && data.accountId === stored.account_id && data.amount === stored.amount && data.currency === stored.currency && (data.paymentId ?? null) === stored.refund_of
    if (!asAcknowledged || accountId !== stored.account_id || amount !== stored.amount || refundOf !== stored.refund_of)
      findings.add('payments stored differently than sent or acknowledged', `${stored.key}: sent ${accountId} ${amount}, response ${acknowledged.body}, stored ${stored.id} ${stored.account_id} ${stored.amount} ${stored.currency}`)
  }
  if (!acknowledged && stored.status === 'pending')
    return // its response was lost, so it may have been accepted a moment ago
  const { id, amount, status, accepted_refunds, settled_refunds } = stored
  if (cents(accepted_refunds) > 0n && cents(accepted_refunds) > cents(amount))
    findings.add('payments of which more was refunded than paid', `${id}: ${accepted_refunds} of ${amount}`)
  if (status !== statusOf(stored))
    findings.add(status === 'pending' ? 'payments that did not settle' : 'payments that settled with the wrong status', `${id}: ${amount}, of which ${settled_refunds} refunded, is ${status}`)
  else if (stored.ledger_entries !== (cents(amount) > 0n ? 2 : 0))
    findings.add('payments that were not posted exactly once', `${id}: ${stored.ledger_entries} ledger entries`)
}

async function compareBalances(sums: Map<string, bigint>, runId: string, database: pg.Client, findings: Findings): Promise<bigint> {
  const { rows } = await database.query<{ id: string, balance: string }>('select id, balance::text from accounts where id like $1', [`${runId}-%`])
  const balances = new Map(rows.map(({ id, balance }) => [id, balance]))
  let centsOff = 0n
  for (const [id, sum] of sums) {
    const balance = balances.get(id)
    const difference = cents(balance ?? '0.00') - sum
    centsOff += difference < 0n ? -difference : difference
    if (balance === undefined || difference !== 0n)
      findings.add('balances that differ from the sum of their payments', `${id}: the balance is ${balance}, the payments less refunds sum to ${sum} cents`)
  }
  return centsOff
}

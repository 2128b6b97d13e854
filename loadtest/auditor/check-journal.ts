import type pg from 'pg'
import type { Findings } from './findings.ts'
import type { Journal, PaymentEntry } from './journal.ts'
import { z } from 'zod'
import { cents } from './cents.ts'
import { checkIdempotencyKey, firstAcknowledged, mayExist } from './check-idempotency-key.ts'
import { keyRange } from './key-range.ts'

const PAGE_SIZE = 10_000

interface StoredPayment {
  key: string
  id: string
  account_id: string
  amount: string
  currency: string
  status: string
  /** How many ledger entries the payment has. */
  ledger_entries: number
  /** From accepted to settled; null while it is pending. */
  settle_ms: number | null
}

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

const paymentBody = z.object({ id: z.string(), accountId: z.string(), amount: z.string(), currency: z.string() })

/**
 * Compares the payments of the journal with the database. Every acknowledged payment exists once, as acknowledged, and is
 * settled; refused payments do not exist; each account of the run holds the sum of its payments. An incomplete journal
 * may lack payments that the database has.
 */
export async function checkJournal({ payments: journal }: Pick<Journal, 'payments'>, { runId, complete }: { runId: string, complete: boolean }, database: pg.Client, findings: Findings): Promise<JournalCheck> {
  const seen = new Set<string>()
  const result: JournalCheck = { acknowledged: 0, settleMs: [], ids: [], keys: seen, centsOff: 0n }
  const sums = new Map<string, bigint>()
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
    sums.set(payment.account_id, (sums.get(payment.account_id) ?? 0n) + (isSettled(payment) && cents(payment.amount) > 0n ? cents(payment.amount) : 0n))
  }
  for (const [key, entries] of journal) {
    checkIdempotencyKey(key, entries, findings)
    const acknowledged = firstAcknowledged(entries)
    if (acknowledged)
      result.acknowledged++
    if (acknowledged && !seen.has(key))
      findings.add('acknowledged payments missing from the database', `${key}: ${acknowledged.body}`)
  }
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
    const asAcknowledged = data?.id === stored.id && data.accountId === stored.account_id && data.amount === stored.amount && data.currency === stored.currency
    if (!asAcknowledged || acknowledged.accountId !== stored.account_id || acknowledged.amount !== stored.amount)
      findings.add('payments stored differently than sent or acknowledged', `${stored.key}: sent ${acknowledged.accountId} ${acknowledged.amount}, response ${acknowledged.body}, stored ${stored.id} ${stored.account_id} ${stored.amount} ${stored.currency}`)
  }
  if (!acknowledged && stored.status === 'pending')
    return // its response was lost, so it may have been accepted a moment ago
  const succeeds = cents(stored.amount) > 0n
  if (stored.status !== (succeeds ? 'completed' : 'failed'))
    findings.add(stored.status === 'pending' ? 'payments that did not settle' : 'payments that settled with the wrong status', `${stored.id}: ${stored.amount} is ${stored.status}`)
  else if (stored.ledger_entries !== (succeeds ? 2 : 0))
    findings.add('payments that were not posted exactly once', `${stored.id}: ${stored.ledger_entries} ledger entries`)
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
      findings.add('balances that differ from the sum of their payments', `${id}: the balance is ${balance}, the payments sum to ${sum} cents`)
  }
  return centsOff
}

async function* storedPayments(runId: string, database: pg.Client): AsyncGenerator<StoredPayment> {
  let last: [key: string, id: string] = ['', '00000000-0000-0000-0000-000000000000']
  while (true) {
    const { rows } = await database.query<StoredPayment>(`
      select p.idempotency_key as key, p.id, p.account_id, p.amount::text, p.currency, p.status,
             (select count(*) from ledger_entries e where e.payment_id = p.id)::int as ledger_entries,
             extract(epoch from r.created_at - p.created_at)::float8 * 1000 as settle_ms
        from payments p
        left join reconciliation_results r on r.payment_id = p.id
       where p.caller = 'anonymous' and p.idempotency_key > $1 and p.idempotency_key < $2
         and (p.idempotency_key, p.id) > ($3, $4)
       order by p.idempotency_key, p.id
       limit ${PAGE_SIZE}`, [...keyRange(runId), ...last])
    yield* rows
    const end = rows.at(-1)
    if (!end || rows.length < PAGE_SIZE)
      return
    last = [end.key, end.id]
  }
}

function isSettled({ status }: StoredPayment): boolean {
  return status === 'completed' || status === 'failed'
}

import type pg from 'pg'
import type { Findings } from './findings.ts'
import type { Noted } from './journal.ts'
import { z } from 'zod'
import { acknowledged, checkAttempts, mayBeThere } from './check-attempts.ts'

const PAGE = 10_000

interface Row {
  key: string
  id: string
  account_id: string
  amount: string
  currency: string
  status: string
  /** How many ledger entries it has. */
  entries: number
  /** From accepted to settled; null while it is not. */
  settle_ms: number | null
}

export interface Reconciliation {
  /** Payments of the run that are in the database. */
  payments: number
  acknowledged: number
  /** From accepted to settled, sorted. */
  settleMs: number[]
  ids: string[]
}

const answer = z.object({ id: z.string(), accountId: z.string(), amount: z.string(), currency: z.string() })

/**
 * Compares k6's own account of a run with the database: every acknowledged payment is there, once, as it was answered,
 * and settled; what was refused is not there; and each account of the run holds the sum of what was sent to it. Where the
 * account is not complete there may be payments that it does not tell of.
 */
export async function reconcileAccount(attempts: Map<string, Noted[]>, { run, complete }: { run: string, complete: boolean }, database: pg.Client, findings: Findings): Promise<Reconciliation> {
  const result: Reconciliation = { payments: 0, acknowledged: 0, settleMs: [], ids: [] }
  const seen = new Set<string>()
  const sums = new Map<string, bigint>()
  // One snapshot: payments whose answer was lost may still be accepted and settled meanwhile.
  await database.query('begin isolation level repeatable read read only')
  for await (const row of paymentsOf(run, database)) {
    result.payments++
    result.ids.push(row.id)
    if (seen.has(row.key))
      findings.add('keys with two payments', row.key)
    seen.add(row.key)
    if (complete || attempts.has(row.key))
      compare(row, attempts.get(row.key) ?? [], findings)
    if (row.settle_ms !== null)
      result.settleMs.push(row.settle_ms)
    sums.set(row.account_id, (sums.get(row.account_id) ?? 0n) + (isSettled(row) && cents(row.amount) > 0n ? cents(row.amount) : 0n))
  }
  for (const [key, each] of attempts) {
    checkAttempts(key, each, findings)
    const paid = acknowledged(each)
    if (paid)
      result.acknowledged++
    if (paid && !seen.has(key))
      findings.add('acknowledged payments that are not in the database', `${key}: ${paid.body}`)
  }
  await compareBalances(sums, run, database, findings)
  await database.query('commit')
  result.settleMs.sort((a, b) => a - b)
  return result
}

function compare(row: Row, attempts: Noted[], findings: Findings): void {
  const paid = acknowledged(attempts)
  if (!paid && !mayBeThere(attempts))
    findings.add(attempts.length > 0 ? 'refused payments that are in the database all the same' : 'payments that nobody asked for', `${row.key}: ${row.id}`)
  if (paid) {
    const { data } = answer.safeParse(JSON.parse(paid.body))
    const asAnswered = data?.id === row.id && data.accountId === row.account_id && data.amount === row.amount && data.currency === row.currency
    if (!asAnswered || paid.accountId !== row.account_id || paid.amount !== row.amount)
      findings.add('payments that are not as they were sent and answered', `${row.key}: sent ${paid.accountId} ${paid.amount}, answered ${paid.body}, stored ${row.id} ${row.account_id} ${row.amount} ${row.currency}`)
  }
  if (!paid && row.status === 'pending')
    return // its answer was lost: it may have been accepted just now
  const succeeds = cents(row.amount) > 0n
  if (row.status !== (succeeds ? 'completed' : 'failed'))
    findings.add(row.status === 'pending' ? 'payments that did not settle' : 'payments that settled the wrong way', `${row.id}: ${row.amount} is ${row.status}`)
  else if (row.entries !== (succeeds ? 2 : 0))
    findings.add('payments that were not posted exactly once', `${row.id}: ${row.entries} ledger entries`)
}

async function compareBalances(sums: Map<string, bigint>, run: string, database: pg.Client, findings: Findings): Promise<void> {
  const { rows } = await database.query<{ id: string, balance: string }>('select id, balance::text from accounts where id like $1', [`${run}-%`])
  const balances = new Map(rows.map(({ id, balance }) => [id, balance]))
  for (const [id, sum] of sums) {
    const balance = balances.get(id)
    if (balance === undefined || cents(balance) !== sum)
      findings.add('balances that are not the sum of what was sent', `${id}: ${balance}, and ${sum} cents were sent`)
  }
}

async function* paymentsOf(run: string, database: pg.Client): AsyncGenerator<Row> {
  let last: [key: string, id: string] = ['', '00000000-0000-0000-0000-000000000000']
  while (true) {
    // '~' is the last of the characters that a key may have, and text sorts by code point here.
    const { rows } = await database.query<Row>(`
      select p.idempotency_key as key, p.id, p.account_id, p.amount::text, p.currency, p.status,
             (select count(*) from ledger_entries e where e.payment_id = p.id)::int as entries,
             extract(epoch from r.created_at - p.created_at)::float8 * 1000 as settle_ms
        from payments p
        left join reconciliation_results r on r.payment_id = p.id
       where p.caller = 'anonymous' and p.idempotency_key > $1 and p.idempotency_key < $2
         and (p.idempotency_key, p.id) > ($3, $4)
       order by p.idempotency_key, p.id
       limit ${PAGE}`, [`${run}-`, `${run}-~`, ...last])
    yield* rows
    const end = rows.at(-1)
    if (!end || rows.length < PAGE)
      return
    last = [end.key, end.id]
  }
}

function isSettled({ status }: Row): boolean {
  return status === 'completed' || status === 'failed'
}

/** Of an amount with two decimals: the runs pay in USD only. */
function cents(amount: string): bigint {
  return BigInt(amount.replace('.', ''))
}

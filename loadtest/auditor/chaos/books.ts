import type pg from 'pg'
import { keyRange } from '../key-range.ts'

export interface BookedPayment {
  id: string
  key: string
  accountId: string
  amount: string
  status: string
  /** The payment that it refunds; null for a payment. */
  refundOf: string | null
  /** Epoch milliseconds on the database's clock; null while it is pending. */
  settledAt: number | null
  /** How many attempts its job has counted. */
  attempts: number
}

export interface BookedEntry {
  paymentId: string
  /** The refund of it that posted the entry; null for the payment itself. */
  refundId: string | null
  accountId: string
  version: number
  type: 'credit' | 'debit'
  amount: string
  balanceAfter: string
  /** ISO 8601 in UTC with six decimals, so that texts compare like times. */
  createdAt: string
}

/** What the database has of one run or round. */
export interface Books {
  /** Refunds too. */
  payments: BookedPayment[]
  /** The entries of the run's accounts, in the order of their versions. */
  entries: BookedEntry[]
  /** The accounts that no transaction opened together with a payment. */
  openedAlone: string[]
}

/** Reads the payments, refunds and accounts whose keys and ids begin with the run's id, in one snapshot. */
export async function readBooks(database: pg.Client, runId: string): Promise<Books> {
  await database.query('begin isolation level repeatable read read only')
  const { rows: payments } = await database.query<BookedPayment>(`
    select p.id, p.idempotency_key as key, p.account_id as "accountId", p.amount::text, p.status, p.refund_of as "refundOf",
           extract(epoch from r.created_at)::float8 * 1000 as "settledAt",
           coalesce(j.attempts, 0)::int as attempts
      from payments p
      left join reconciliation_results r on r.payment_id = p.id
      left join recon_jobs j on j.payment_id = p.id
     where p.caller = 'anonymous' and p.idempotency_key > $1 and p.idempotency_key < $2
     order by p.id`, keyRange(runId))
  const { rows: entries } = await database.query<BookedEntry>(`
    select coalesce(p.refund_of, p.id) as "paymentId", case when p.refund_of is not null then p.id end as "refundId",
           e.account_id as "accountId", e.account_version::int as version, e.entry_type as type,
           e.amount::text, e.balance_after::text as "balanceAfter", to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "createdAt"
      from ledger_entries e
      join payments p on p.id = e.payment_id
     where e.account_id = any($1)
     order by e.account_id, e.account_version`, [[...new Set(payments.map(({ accountId }) => accountId))]])
  // A job and an account that one transaction wrote have the time at which it began.
  const { rows: openedAlone } = await database.query<{ id: string }>(`
    select a.id
      from accounts a
     where a.id like $1
       and not exists (select from payments p join recon_jobs j on j.payment_id = p.id where p.account_id = a.id and j.created_at = a.created_at)
     order by a.id`, [`${runId}-%`])
  await database.query('commit')
  return { payments, entries, openedAlone: openedAlone.map(({ id }) => id) }
}

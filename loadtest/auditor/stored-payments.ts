import type pg from 'pg'
import { cents } from './cents.ts'
import { keyRange } from './key-range.ts'

const PAGE_SIZE = 10_000

/** A payment or refund as the database has it. */
export interface StoredPayment {
  key: string
  id: string
  account_id: string
  amount: string
  currency: string
  status: string
  /** The payment that it refunds; null for a payment. */
  refund_of: string | null
  /** The sums of a payment's refunds: of all, and of those that have settled. */
  accepted_refunds: string
  settled_refunds: string
  /** How many ledger entries the payment has. */
  ledger_entries: number
  /** From accepted to settled; null while it is pending. */
  settle_ms: number | null
}

/** Reads the payments and refunds whose keys begin with the run's id, in the order of their keys. */
export async function* storedPayments(runId: string, database: pg.Client): AsyncGenerator<StoredPayment> {
  let last: [key: string, id: string] = ['', '00000000-0000-0000-0000-000000000000']
  while (true) {
    const { rows } = await database.query<StoredPayment>(`
      select p.idempotency_key as key, p.id, p.account_id, p.amount::text, p.currency, p.status,
             (select count(*) from ledger_entries e where e.payment_id = p.id)::int as ledger_entries,
             p.refund_of, refunds.accepted as accepted_refunds, refunds.settled as settled_refunds,
             extract(epoch from r.created_at - p.created_at)::float8 * 1000 as settle_ms
        from payments p
        left join reconciliation_results r on r.payment_id = p.id
       cross join lateral (
         select coalesce(sum(f.amount), 0.00)::text as accepted, coalesce(sum(f.amount) filter (where f.status = 'completed'), 0.00)::text as settled
           from payments f
          where f.refund_of = p.id) refunds
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

/** The status of a payment or refund that has settled, according to its amount and its refunds. */
export function statusOf({ amount, settled_refunds }: StoredPayment): string {
  if (cents(amount) <= 0n)
    return 'failed'
  const refunded = cents(settled_refunds)
  return refunded === 0n ? 'completed' : refunded === cents(amount) ? 'refunded' : 'partially_refunded'
}

/** What its posting adds to its account. */
export function postedCents({ status, amount, refund_of }: StoredPayment): bigint {
  if (status === 'pending' || cents(amount) <= 0n)
    return 0n
  return refund_of === null ? cents(amount) : -cents(amount)
}

/** What can still be refunded of a payment. */
export function leftCents({ status, amount, accepted_refunds }: StoredPayment): bigint {
  return status === 'pending' || status === 'failed' ? 0n : cents(amount) - cents(accepted_refunds)
}

import type { Knex } from 'knex'
import type { Instant } from '../domain/instant.ts'
import type { Outcome, PaymentStatus, ResultStatus } from '../domain/payment.ts'
import { firstMillisecondFrom } from '../domain/instant.ts'
import { RESULTS_BY_OUTCOME, RESULTS_BY_STATUS } from '../domain/payment.ts'
import { firstUuidv7At } from '../domain/uuidv7.ts'

/** Rows that one page may look at when a filter that no index serves leaves most of them out: half a millisecond a thousand. */
const MAX_EXAMINED = 3_000
const COLUMNS = ['id', 'account_id', 'amount', 'currency', 'description', 'status', 'created_at', 'updated_at']

export interface PaymentRow {
  id: string
  account_id: string
  amount: string
  currency: string
  description: string
  status: PaymentStatus
  result_status: ResultStatus | null
  discrepancy_amount: string | null
  created_at: string
  updated_at: string
}

export interface PaymentFilter {
  status?: PaymentStatus | undefined
  outcome?: Outcome | undefined
  accountId?: string | undefined
  currency?: string | undefined
  /** Decimal strings; both ends belong to the range. */
  amountFrom?: string | undefined
  amountTo?: string | undefined
  /** Accepted at or after; accepted before. */
  from?: Instant | undefined
  to?: Instant | undefined
}

export interface PageRequest {
  limit: number
  /** Only payments before this id. */
  before?: string | undefined
  maxExamined?: number
}

export interface PaymentPage {
  rows: PaymentRow[]
  /** The id to go on before; undefined on the last page. */
  next: string | undefined
}

/**
 * A page of payments, newest first, which is the order of their ids.
 *
 * One index drives each page: (account_id, id) for an account, the results for what is settled, the open jobs for what
 * is pending, else the primary key; payments itself has no index on the status. Other filters are applied to what that
 * index walks, at most 3,000 rows a page: such a page may be short, or empty, and still have a next one.
 */
export async function listPayments(db: Knex, filter: PaymentFilter, page: PageRequest): Promise<PaymentPage> {
  // A page that may end at the bound of its walk is asked for in two statements, which must see the same rows.
  return driverServes(filter)
    ? await readPage(db, filter, page)
    : await db.transaction(trx => readPage(trx, filter, page), { isolationLevel: 'repeatable read', readOnly: true })
}

async function readPage(db: Knex, filter: PaymentFilter, { limit, before, maxExamined = MAX_EXAMINED }: PageRequest): Promise<PaymentPage> {
  const examines = !driverServes(filter)
  const { walk, id } = driver(db, filter, before)
  walk.limit(examines ? maxExamined : limit + 1)
  // A walk of payments has all that is asked of them: to look each up again would cost most of a page that examines many.
  const walked: Knex.QueryBuilder = id === 'id'
    ? db.from(walk.clone().select(COLUMNS).as('p'))
    : db.from(walk.clone().select(`${id} as id`).as('walk')).join('payments as p', 'p.id', 'walk.id')
  const query = walked
    .leftJoin('reconciliation_results as r', 'r.payment_id', 'p.id')
    .select(COLUMNS.map(column => `p.${column}`))
    .select('r.status as result_status', 'r.discrepancy_amount')
    .orderBy('p.id', 'desc')
    .limit(limit + 1)
  if (examines)
    applyFilters(query, filter)
  const rows = await query as PaymentRow[]

  if (rows.length > limit) {
    return {
      rows: rows.slice(0, limit),
      next: rows[limit - 1]!.id,
    }
  }
  // Where the walk ended at its bound, the next page goes on from there.
  const [lastExamined] = examines
    ? await db.from(walk.select(`${id} as id`).as('walk')).select('id').orderBy('id', 'desc').offset(maxExamined - 1) as { id: string }[]
    : []
  return { rows, next: lastExamined?.id }
}

/** Whether the driver alone finds exactly the payments that are asked for. */
function driverServes({ status, outcome, accountId, currency, amountFrom, amountTo }: PaymentFilter): boolean {
  if (currency !== undefined || amountFrom !== undefined || amountTo !== undefined)
    return false
  return [status, outcome, accountId].filter(each => each !== undefined).length <= 1
}

interface Driver {
  /** Candidates, newest first, straight from one index; what to select of them is left to say. */
  walk: Knex.QueryBuilder
  /** The column that has a payment's id: payments' own, or that of a table beside it. */
  id: 'id' | 'payment_id'
}

/** What drives a page: the one index that all its candidates come from. */
function driver(db: Knex, { status, outcome, accountId, from, to }: PaymentFilter, before: string | undefined): Driver {
  const results = outcome ? [RESULTS_BY_OUTCOME[outcome]] : status && RESULTS_BY_STATUS[status]
  let walk: Knex.QueryBuilder
  let id: Driver['id'] = 'payment_id'
  if (accountId !== undefined) {
    walk = db('payments').where('account_id', accountId)
    id = 'id'
  }
  else if (results?.length) {
    walk = db('reconciliation_results').whereIn('status', results)
  }
  else if (status === 'pending') {
    walk = db('recon_jobs').whereRaw(`status <> 'completed'`) // as the partial index says it
  }
  else {
    walk = db('payments')
    id = 'id'
  }
  if (before !== undefined)
    walk.where(id, '<', before)
  if (from !== undefined)
    walk.where(id, '>=', firstUuidv7At(firstMillisecondFrom(from)))
  if (to !== undefined)
    walk.where(id, '<', firstUuidv7At(firstMillisecondFrom(to)))
  return { walk: walk.orderBy(id, 'desc'), id }
}

function applyFilters(query: Knex.QueryBuilder, { status, outcome, currency, amountFrom, amountTo }: PaymentFilter): void {
  if (status !== undefined)
    query.where('p.status', status)
  if (outcome !== undefined)
    query.where('r.status', RESULTS_BY_OUTCOME[outcome])
  if (currency !== undefined)
    query.where('p.currency', currency)
  if (amountFrom !== undefined)
    query.whereRaw('p.amount >= ?::numeric', [amountFrom])
  if (amountTo !== undefined)
    query.whereRaw('p.amount <= ?::numeric', [amountTo])
}

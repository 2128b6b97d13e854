import type { Knex } from 'knex'
import type { Instant } from '../domain/instant.ts'
import type { PaymentFilter } from '../domain/payment-filter.ts'
import type { PaymentStatus, ResultStatus } from '../domain/payment.ts'
import type { Page, PageRequest, Sql } from './read-page.ts'
import type { IdRange, PaymentRow, Walk } from './walk-payments.ts'
import { firstMillisecondFrom } from '../domain/instant.ts'
import { matchesNothing, resultsOf } from '../domain/payment-filter.ts'
import { PAYMENT_STATUSES, RESULTS_BY_OUTCOME, RESULTS_BY_STATUS } from '../domain/payment.ts'
import { firstUuidv7At } from '../domain/uuidv7.ts'
import { readPage } from './read-page.ts'
import { HIGHEST_ID, LOWEST_ID, planWalk } from './walk-payments.ts'

/** A refund is a row of payments too, in every index of theirs. */
const IS_PAYMENT: Sql = { sql: 'p.refund_of is null', values: [] }
/** A payment comes with each of its refunds; the newest one, the first of the walk, stands for all. */
const IS_NEWEST_REFUND: Sql = { sql: 'not exists (select from payments later where later.refund_of = w.id and later.id > w.refund_id)', values: [] }

/** A page of payments, newest first, which is the order of their ids. Contradictory filters return an empty page without a query. */
export async function listPayments(db: Knex, filter: PaymentFilter, page: PageRequest): Promise<Page<PaymentRow>> {
  if (matchesNothing(filter))
    return { rows: [], next: undefined }
  const { serves, condition = IS_PAYMENT, ...walk } = walkFor(filter)
  return await readPage(db, planWalk(walk, idRange(filter, page.before), [...conditionsOf(filter, serves), condition]), page)
}

/** Missing here: `from` and `to`, which every walk serves as a range of ids, and `idempotencyKey`, which has a walk. */
type FilterName = Exclude<keyof PaymentFilter, 'from' | 'to' | 'idempotencyKey'>
type FilterValues = { [Name in FilterName]-?: NonNullable<PaymentFilter[Name]> }

/**
 * The condition of each filter on a payment `p` and its result `r`. A filter that the walk does not serve is applied to every
 * candidate. A new filter does not compile until it is listed here, so no filter is ever ignored.
 */
const CONDITIONS: { [Name in FilterName]: (value: FilterValues[Name]) => Sql } = {
  // Name both tables, so that the walked table drops rows before the other table is looked up.
  status: status => RESULTS_BY_STATUS[status].length > 0
    ? { sql: 'p.status = ? and r.status = any(?)', values: [status, RESULTS_BY_STATUS[status]] }
    : { sql: 'p.status = ?', values: [status] },
  jobDead: () => ({ sql: 'p.status = \'pending\' and d.job_dead', values: [] }),
  outcome: outcome => ({ sql: 'p.status = any(?) and r.status = ?', values: [statusesOf(RESULTS_BY_OUTCOME[outcome]), RESULTS_BY_OUTCOME[outcome]] }),
  accountId: accountId => ({ sql: 'p.account_id = ?', values: [accountId] }),
  currency: currency => ({ sql: 'p.currency = ?', values: [currency] }),
  amountFrom: amount => ({ sql: 'p.amount >= ?::numeric', values: [amount] }),
  amountTo: amount => ({ sql: 'p.amount <= ?::numeric', values: [amount] }),
  absoluteAmountFrom: amount => ({ sql: 'abs(p.amount) >= ?::numeric', values: [amount] }),
  absoluteAmountTo: amount => ({ sql: 'abs(p.amount) <= ?::numeric', values: [amount] }),
}

/** The statuses of payments that may have this result. */
function statusesOf(result: ResultStatus): PaymentStatus[] {
  return PAYMENT_STATUSES.filter(status => RESULTS_BY_STATUS[status].includes(result))
}

interface ServingWalk extends Walk {
  /** The filters that the walk applies in full. */
  serves: FilterName[]
  /** Which candidates are payments, each once. Default: IS_PAYMENT. */
  condition?: Sql
}

/** Chooses the index that all candidates come from; payments has no index on the status. */
function walkFor(filter: PaymentFilter): ServingWalk {
  const { accountId, currency, idempotencyKey, jobDead, status } = filter
  const results = resultsOf(filter)
  if (idempotencyKey !== undefined) {
    return {
      from: 'payments',
      where: [{ sql: 'caller = ? and idempotency_key = ?', values: [idempotencyKey.caller, idempotencyKey.key] }], // a unique index
      serves: [],
    }
  }
  if (accountId !== undefined) {
    return {
      from: 'payments',
      prefix: { column: 'account_id', value: accountId },
      // An account has one currency, so this is evaluated once. With another currency, no payment is read.
      where: currency === undefined ? [] : [{ sql: '(select currency from accounts where id = ?) = ?', values: [accountId, currency] }],
      serves: ['accountId', 'currency'],
    }
  }
  if (jobDead)
    return { from: 'jobs', where: [{ sql: `status = 'dead'`, values: [] }], serves: ['jobDead', 'status'] } // the predicate of the partial index
  if (status === 'pending')
    return { from: 'jobs', where: [{ sql: `status <> 'completed'`, values: [] }], serves: ['status'] } // the predicate of the partial index
  if (status === 'refunded' || status === 'partially_refunded')
    return { from: 'refunds', where: [{ sql: 'refund_of is not null', values: [] }], serves: [], condition: IS_NEWEST_REFUND } // the predicate of the partial index
  const [result] = results ?? []
  if (results?.length === 1 && result !== undefined && result !== 'completed') {
    return {
      from: 'results',
      prefix: { column: 'status', value: result },
      where: [{ sql: `status <> 'completed'`, values: [] }], // the predicate of the partial index
      serves: status === 'failed' ? ['status', 'outcome'] : ['outcome'], // refunds change the status of a completed payment
    }
  }
  return { from: results ? 'results' : 'payments', where: [], serves: [] }
}

function idRange({ from, to }: PaymentFilter, before: string | undefined): IdRange {
  const firstAt = (instant: Instant): string => firstUuidv7At(firstMillisecondFrom(instant))
  return {
    low: from ? firstAt(from) : LOWEST_ID,
    high: [before?.toLowerCase() ?? HIGHEST_ID, to ? firstAt(to) : HIGHEST_ID].sort()[0]!,
  }
}

function conditionsOf(filter: PaymentFilter, served: FilterName[]): Sql[] {
  const condition = <Name extends FilterName>(name: Name): Sql[] => {
    const value = filter[name]
    return value === undefined || served.includes(name) ? [] : [CONDITIONS[name](value as FilterValues[Name])]
  }
  return (Object.keys(CONDITIONS) as FilterName[]).flatMap(condition)
}

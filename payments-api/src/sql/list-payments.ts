import type { Knex } from 'knex'
import type { Instant } from '../domain/instant.ts'
import type { PaymentFilter } from '../domain/payment-filter.ts'
import type { PaymentStatus, ResultStatus } from '../domain/payment.ts'
import type { Page, PagePlan, PageRequest, Sql } from './read-page.ts'
import { firstMillisecondFrom } from '../domain/instant.ts'
import { matchesNothing, resultsOf } from '../domain/payment-filter.ts'
import { RESULTS_BY_OUTCOME, RESULTS_BY_STATUS, SETTLED_STATUS } from '../domain/payment.ts'
import { firstUuidv7At } from '../domain/uuidv7.ts'
import { readPage } from './read-page.ts'

export interface PaymentRow {
  id: string
  account_id: string
  amount: string
  currency: string
  description: string
  status: PaymentStatus
  job_dead: boolean
  result_status: ResultStatus | null
  discrepancy_amount: string | null
  created_at: string
  updated_at: string
}

/** A page of payments, newest first, which is the order of their ids. Contradictory filters return an empty page without a query. */
export async function listPayments(db: Knex, filter: PaymentFilter, page: PageRequest): Promise<Page<PaymentRow>> {
  return matchesNothing(filter)
    ? { rows: [], next: undefined }
    : await readPage(db, plan(filter, page.before), page)
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
  outcome: outcome => ({ sql: 'p.status = ? and r.status = ?', values: [SETTLED_STATUS[RESULTS_BY_OUTCOME[outcome]], RESULTS_BY_OUTCOME[outcome]] }),
  accountId: accountId => ({ sql: 'p.account_id = ?', values: [accountId] }),
  currency: currency => ({ sql: 'p.currency = ?', values: [currency] }),
  amountFrom: amount => ({ sql: 'p.amount >= ?::numeric', values: [amount] }),
  amountTo: amount => ({ sql: 'p.amount <= ?::numeric', values: [amount] }),
  absoluteAmountFrom: amount => ({ sql: 'abs(p.amount) >= ?::numeric', values: [amount] }),
  absoluteAmountTo: amount => ({ sql: 'abs(p.amount) <= ?::numeric', values: [amount] }),
}

interface Walk {
  table: 'payments' | 'reconciliation_results' | 'recon_jobs'
  /** The first column of the index, and the value that all candidates have there. */
  prefix?: { column: string, value: string }
  where: Sql[]
  /** The filters that the walk applies in full. */
  serves: FilterName[]
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000'
const HIGHEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
const PAYMENT_COLUMNS = 'id, account_id, amount, currency, description, status, created_at, updated_at'
/** Looks up one row by its key. LIMIT 1 keeps the planner from scanning the table for all candidates instead. */
const paymentOf = (walk: string): string => `join lateral (select ${PAYMENT_COLUMNS} from payments where id = ${walk}.id limit 1) p on true`
const resultOf = (walk: string): string => `left join lateral (select status, discrepancy_amount from reconciliation_results where payment_id = ${walk}.id limit 1) r on true`

/** Looks up a pending payment only, in the small index of the dead jobs: a page of settled payments costs nothing more. */
const DEAD_JOB = `left join lateral (select true as job_dead from recon_jobs where payment_id = p.id and status = 'dead' and p.status = 'pending' limit 1) d on true`

/** For each table that a walk reads: the column with a payment's id, the other columns, and how to look up the rest of a row. */
const TABLES: Record<Walk['table'], { key: string, columns: string, alias: string, joins: string }> = {
  payments: { key: 'id', columns: PAYMENT_COLUMNS, alias: 'p', joins: resultOf('p') },
  reconciliation_results: { key: 'payment_id', columns: 'payment_id as id, status, discrepancy_amount', alias: 'r', joins: paymentOf('r') },
  recon_jobs: { key: 'payment_id', columns: 'payment_id as id', alias: 'j', joins: `${paymentOf('j')} ${resultOf('j')}` },
}

function plan(filter: PaymentFilter, before: string | undefined): PagePlan {
  const { table, prefix, where, serves } = walkFor(filter)
  const { key, columns, alias, joins } = TABLES[table]
  return {
    walk: {
      select: `select ${columns} from ${table}`,
      where: [...where, range(key, prefix, filter, before)],
      order: `${prefix ? `${prefix.column} desc, ` : ''}${key} desc`,
    },
    row: {
      select: `select ${PAYMENT_COLUMNS.replaceAll(/\w+/g, 'p.$&')}, coalesce(d.job_dead, false) as job_dead, r.status as result_status, r.discrepancy_amount from walk ${alias} ${joins} ${DEAD_JOB}`,
      order: `${prefix ? `${alias}.${prefix.column} desc, ` : ''}${alias}.id desc`,
    },
    conditions: conditionsOf(filter, serves),
  }
}

/** Chooses the index that all candidates come from; payments has no index on the status. */
function walkFor(filter: PaymentFilter): Walk {
  const { accountId, currency, idempotencyKey, jobDead, status } = filter
  const results = resultsOf(filter)
  if (idempotencyKey !== undefined) {
    return {
      table: 'payments',
      where: [{ sql: 'caller = ? and idempotency_key = ?', values: [idempotencyKey.caller, idempotencyKey.key] }], // a unique index
      serves: [],
    }
  }
  if (accountId !== undefined) {
    return {
      table: 'payments',
      prefix: { column: 'account_id', value: accountId },
      // An account has one currency, so this is evaluated once. With another currency, no payment is read.
      where: currency === undefined ? [] : [{ sql: '(select currency from accounts where id = ?) = ?', values: [accountId, currency] }],
      serves: ['accountId', 'currency'],
    }
  }
  if (jobDead)
    return { table: 'recon_jobs', where: [{ sql: `status = 'dead'`, values: [] }], serves: ['jobDead', 'status'] } // the predicate of the partial index
  if (status === 'pending')
    return { table: 'recon_jobs', where: [{ sql: `status <> 'completed'`, values: [] }], serves: ['status'] } // the predicate of the partial index
  const [result] = results ?? []
  if (results?.length === 1 && result !== undefined && result !== 'completed') {
    return {
      table: 'reconciliation_results',
      prefix: { column: 'status', value: result },
      where: [{ sql: `status <> 'completed'`, values: [] }], // the predicate of the partial index
      serves: ['status', 'outcome'],
    }
  }
  return { table: results ? 'reconciliation_results' : 'payments', where: [], serves: [] }
}

/**
 * The range of the index that a page lies in. Compare rows: with `column = value and key < ...` the planner drops the column
 * from ORDER BY, and may walk the primary key past all other payments.
 */
function range(key: string, prefix: Walk['prefix'], { from, to }: PaymentFilter, before: string | undefined): Sql {
  const firstAt = (instant: Instant): string => firstUuidv7At(firstMillisecondFrom(instant))
  const low = from ? firstAt(from) : LOWEST_ID
  const high = [before?.toLowerCase() ?? HIGHEST_ID, to ? firstAt(to) : HIGHEST_ID].sort()[0]!
  return prefix
    ? { sql: `(${prefix.column}, ${key}) >= (?, ?::uuid) and (${prefix.column}, ${key}) < (?, ?::uuid)`, values: [prefix.value, low, prefix.value, high] }
    : { sql: `${key} >= ? and ${key} < ?`, values: [low, high] }
}

function conditionsOf(filter: PaymentFilter, served: FilterName[]): Sql[] {
  const condition = <Name extends FilterName>(name: Name): Sql[] => {
    const value = filter[name]
    return value === undefined || served.includes(name) ? [] : [CONDITIONS[name](value as FilterValues[Name])]
  }
  return (Object.keys(CONDITIONS) as FilterName[]).flatMap(condition)
}

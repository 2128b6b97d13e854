import type { PaymentStatus, ResultStatus } from '../domain/payment.ts'
import type { PagePlan, Sql } from './read-page.ts'

/** A row of payments, with its result and the state of its job. A refund is such a row too. */
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
  /** The payment that this row refunds; null for a payment. */
  refund_of: string | null
  /** The sum of a payment's settled refunds; null if none has settled. */
  refunded: string | null
}

/** How to find candidates: the index of one table, and the range of it that they lie in. */
export interface Walk {
  from: keyof typeof SOURCES
  /** The first column of the index, and the value that all candidates have there. */
  prefix?: { column: string, value: string }
  where: Sql[]
}

/** Only ids from `low` on and before `high`. */
export interface IdRange {
  low: string
  high: string
}

export const LOWEST_ID = '00000000-0000-0000-0000-000000000000'
export const HIGHEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const PAYMENT_COLUMNS = 'id, account_id, amount, currency, description, status, created_at, updated_at, refund_of, refunded'
/** Looks up one row by its key. LIMIT 1 keeps the planner from scanning the table for all candidates instead. */
const paymentOf = (walk: string): string => `join lateral (select ${PAYMENT_COLUMNS} from payments where id = ${walk}.id limit 1) p on true`
const resultOf = (walk: string): string => `left join lateral (select status, discrepancy_amount from reconciliation_results where payment_id = ${walk}.id limit 1) r on true`

/** Looks up a pending payment only, in the small index of the dead jobs: a page of settled payments costs nothing more. */
const DEAD_JOB = `left join lateral (select true as job_dead from recon_jobs where payment_id = p.id and status = 'dead' and p.status = 'pending' limit 1) d on true`

interface Source {
  table: string
  /** The column with a candidate's id. */
  key: string
  /** The last column of the index, if it is not the key. */
  last?: { column: string, as: string }
  /** The columns to read from the index or the table. */
  columns: string
  alias: string
  /** How to look up the rest of a row: the payment `p` and its result `r`. */
  joins: string
}

const SOURCES = {
  payments: { table: 'payments', key: 'id', columns: PAYMENT_COLUMNS, alias: 'p', joins: resultOf('p') },
  results: { table: 'reconciliation_results', key: 'payment_id', columns: 'payment_id as id, status, discrepancy_amount', alias: 'r', joins: paymentOf('r') },
  jobs: { table: 'recon_jobs', key: 'payment_id', columns: 'payment_id as id', alias: 'j', joins: `${paymentOf('j')} ${resultOf('j')}` },
  /** The refunds of each payment, with the payment's id. */
  refunds: { table: 'payments', key: 'refund_of', last: { column: 'id', as: 'refund_id' }, columns: 'refund_of as id, id as refund_id', alias: 'w', joins: `${paymentOf('w')} ${resultOf('w')}` },
} satisfies Record<string, Source>

/** The plan of a page: the candidates of a walk that meet all conditions on `p` and `r`. */
export function planWalk({ from, prefix, where }: Walk, ids: IdRange, conditions: Sql[]): PagePlan {
  const { table, key, last, columns, alias, joins }: Source = SOURCES[from]
  return {
    walk: {
      select: `select ${columns} from ${table}`,
      where: [...where, range(key, prefix, ids)],
      order: descending(prefix?.column, key, last?.column),
    },
    row: {
      select: `select ${PAYMENT_COLUMNS.replaceAll(/\w+/g, 'p.$&')}, coalesce(d.job_dead, false) as job_dead, r.status as result_status, r.discrepancy_amount from walk ${alias} ${joins} ${DEAD_JOB}`,
      order: descending(...[prefix?.column, 'id', last?.as].map(column => column && `${alias}.${column}`)),
    },
    conditions,
  }
}

function descending(...columns: (string | undefined)[]): string {
  return columns.filter(column => column !== undefined).map(column => `${column} desc`).join(', ')
}

/**
 * The range of the index that a page lies in. Compare rows: with `column = value and key < ...` the planner drops the column
 * from ORDER BY, and may walk the primary key past all other payments.
 */
function range(key: string, prefix: Walk['prefix'], { low, high }: IdRange): Sql {
  return prefix
    ? { sql: `(${prefix.column}, ${key}) >= (?, ?::uuid) and (${prefix.column}, ${key}) < (?, ?::uuid)`, values: [prefix.value, low, prefix.value, high] }
    : { sql: `${key} >= ? and ${key} < ?`, values: [low, high] }
}

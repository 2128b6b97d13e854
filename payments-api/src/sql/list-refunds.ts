import type { Knex } from 'knex'
import type { RefundFilter } from '../domain/refund.ts'
import type { Page, PageRequest, Sql } from './read-page.ts'
import type { PaymentRow, Walk } from './walk-payments.ts'
import { readPage } from './read-page.ts'
import { HIGHEST_ID, LOWEST_ID, planWalk } from './walk-payments.ts'

/** The condition of each filter. A new filter does not compile until it is listed here, so no filter is ever ignored. */
const CONDITIONS: { [Name in keyof RefundFilter]-?: (value: NonNullable<RefundFilter[Name]>) => Sql } = {
  status: status => ({ sql: 'p.status = ?', values: [status] }),
  paymentId: paymentId => ({ sql: 'p.refund_of = ?', values: [paymentId] }),
  accountId: accountId => ({ sql: 'p.account_id = ?', values: [accountId] }),
}

/** The predicate of the partial indexes of refunds. */
const IS_REFUND: Sql = { sql: 'refund_of is not null', values: [] }

/** A page of refunds, newest first, which is the order of their ids. */
export async function listRefunds(db: Knex, filter: RefundFilter, page: PageRequest): Promise<Page<PaymentRow>> {
  const { walk, serves } = walkFor(filter)
  const conditions = (Object.keys(CONDITIONS) as (keyof RefundFilter)[]).flatMap((name) => {
    const value = filter[name]
    return value === undefined || name === serves ? [] : [CONDITIONS[name](value as never)]
  })
  const isRefund = walk.where.includes(IS_REFUND) ? [] : [{ sql: 'p.refund_of is not null', values: [] }]
  return await readPage(db, planWalk(walk, { low: LOWEST_ID, high: page.before?.toLowerCase() ?? HIGHEST_ID }, [...conditions, ...isRefund]), page)
}

/** Chooses the index that all candidates come from, and the filter that it serves. */
function walkFor({ paymentId, accountId, status }: RefundFilter): { walk: Walk, serves?: keyof RefundFilter } {
  if (paymentId !== undefined)
    return { walk: { from: 'payments', prefix: { column: 'refund_of', value: paymentId }, where: [IS_REFUND] }, serves: 'paymentId' }
  if (accountId !== undefined)
    return { walk: { from: 'payments', prefix: { column: 'account_id', value: accountId }, where: [] }, serves: 'accountId' }
  if (status === 'pending')
    return { walk: { from: 'jobs', where: [{ sql: `status <> 'completed'`, values: [] }] }, serves: 'status' } // the predicate of the partial index
  return { walk: { from: 'payments', where: [IS_REFUND] } }
}

import type { Knex } from 'knex'
import type { ArrivedAccounts } from './domain/arrivals.ts'
import type { NewRefund } from './domain/refund.ts'
import type { RequestRefundDeps } from './domain/request-refund.ts'
import { inBatches } from './domain/in-batches.ts'
import { isConflict, isLostConnection } from './sql/database-errors.ts'
import { findRefundTarget } from './sql/find-refund-target.ts'
import { isRefundKeyLockTimeout } from './sql/lock-waits.ts'
import { requestRefund } from './sql/request-refund.ts'

/**
 * Each lane writes one refund at a time. All refunds of a payment use one lane, so a payment that is locked keeps one connection
 * waiting. Lanes borrow from the connections for writes, and leave at least one to each group of payments.
 */
const LANES = 2
/** Most retries of a refund after a lost connection. */
const MAX_RETRIES = 2

export interface RefundStoreDeps extends Pick<RequestRefundDeps, 'findByKey'> {
  /** Connections for reads, and for writes. */
  readDb: Knex
  writeDb: Knex
  /** Tells the workers that jobs of these accounts are waiting. */
  wake: (accounts: ArrivedAccounts) => void
}

type Written = Awaited<ReturnType<RequestRefundDeps['write']>>

/** Writes refunds to Postgres, and finds what they refund. */
export function refundStore({ readDb, writeDb, wake, findByKey }: RefundStoreDeps): RequestRefundDeps {
  async function write(refund: NewRefund, retries = 0): Promise<Written> {
    try {
      const written = await requestRefund(writeDb, refund)
      if (written.outcome === 'created')
        wake(new Set([written.accountId]))
      return written
    }
    catch (error) {
      if (isRefundKeyLockTimeout(error))
        return 'idempotency-key-in-use'
      // The refund may or may not be committed. If it is, it holds its key.
      if ((isLostConnection(error) || isConflict(error)) && retries < MAX_RETRIES)
        return await write(refund, retries + 1)
      throw error
    }
  }

  const lanes = Array.from({ length: LANES }, () =>
    inBatches<NewRefund, Written>({ batches: 1, batchSize: 1, overlapAfterMs: 0 }, async ([waiting]) => {
      await write(waiting!.item).then(waiting!.resolve, waiting!.reject)
    }))

  return {
    findTarget: paymentId => findRefundTarget(readDb, paymentId),
    write: refund => lanes[Number.parseInt(refund.paymentId.slice(-1), 16) % LANES]!(refund),
    findByKey,
  }
}

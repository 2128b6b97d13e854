import { z } from 'zod'
import { REFUND_STATUSES } from '../domain/refund.ts'
import { AccountId, Amount, Currency, detailFields, Id, Instant, named, refundFields } from './schemas.ts'

export const RefundStatusName = z.enum(REFUND_STATUSES, `must be one of ${REFUND_STATUSES.join(', ')}`)

export const AcceptedRefund = z.object({
  id: Id,
  paymentId: Id,
  accountId: AccountId,
  amount: Amount,
  currency: Currency,
  reason: z.string(),
  status: z.literal('pending'),
  createdAt: Instant,
}).register(named, { id: 'AcceptedRefund' })

export const RefundDetail = z.object({ ...refundFields, ...detailFields }).register(named, { id: 'RefundDetail' })

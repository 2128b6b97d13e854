import type { PaymentPage } from '#shared/types/payment'
import type { PaymentDetail } from '#shared/types/payment-detail'
import type { Problem } from '#shared/types/problem'
import type { RefundDetail } from '#shared/types/refund'
import type { FetchResult } from './fetch-json'

export type FoundPayment
  = | { kind: 'id' | 'key', payment: FoundFields }
    | { kind: 'refund', refund: FoundFields }
    | { kind: 'none' }
    | { kind: 'failed', problem: Problem }
interface FoundFields { id: string, accountId: string, amount: string, currency: string, status: string }

/** The API accepts these as keys. Source: RFC 9110, visible ASCII. */
const KEY = /^[\x21-\x7E]{1,255}$/

/** Finds the payment or refund with this id, or the payment with this idempotency key. The console's own keys look like ids, so an id is tried first. */
export async function findPayment(text: string): Promise<FoundPayment> {
  if (isPaymentId(text)) {
    const byId = await fetchJson<PaymentDetail>(`/api/payments/${text.toLowerCase()}`)
    if (byId.ok)
      return { kind: 'id', payment: byId.body }
    if (byId.problem.status !== 404)
      return { kind: 'failed', problem: byId.problem }
    const refund = await fetchJson<RefundDetail>(`/api/refunds/${text.toLowerCase()}`)
    if (refund.ok)
      return { kind: 'refund', refund: refund.body }
  }
  return KEY.test(text)
    ? ofKey(await fetchJson<PaymentPage>('/api/payments', { query: { idempotencyKey: text, limit: 1 } }))
    : { kind: 'none' }
}

function ofKey(result: FetchResult<PaymentPage>): FoundPayment {
  if (!result.ok)
    return result.problem.status === 400 ? { kind: 'none' } : { kind: 'failed', problem: result.problem } // 400: not a key after all
  const [payment] = result.body.payments
  return payment ? { kind: 'key', payment } : { kind: 'none' }
}

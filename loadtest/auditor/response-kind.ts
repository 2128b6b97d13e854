/** What an API says of a refund that the payment does not allow. */
const refundRefusals = ['payment-not-refundable', 'refund-exceeds-payment'] as const

/** Kinds of responses. `lost`: none arrived. `unexpected`: one that no caller should see. `refused`: 503 `overloaded`. */
export const paymentResponseKinds = ['accepted', 'replayed', 'refused', 'idempotency-key-in-use', 'idempotency-key-reused', ...refundRefusals, 'lost', 'unexpected'] as const
export type PaymentResponseKind = typeof paymentResponseKinds[number]

/** What classifies a response to POST /payments or POST /payments/{id}/refunds. */
export interface PaymentResponse {
  /** 0 if no response arrived. */
  status: number
  /** Whether it has `Idempotent-Replayed: true`. */
  replayed: boolean
  /** The last part of the problem's type, such as `overloaded`. */
  problem: string | undefined
  /** Whether it has `Retry-After`, of at least a second. */
  retryAfter: boolean
}

/** Classifies a response to POST /payments or POST /payments/{id}/refunds. Imports nothing, so that k6 can run it too. */
export function paymentResponseKind({ status, replayed, problem, retryAfter }: PaymentResponse): PaymentResponseKind {
  switch (status) {
    case 0: return 'lost'
    case 201: return replayed ? 'replayed' : 'accepted'
    case 409: return problem === 'idempotency-key-in-use' && retryAfter ? problem : refundRefusals.find(kind => kind === problem) ?? 'unexpected'
    case 422: return problem === 'idempotency-key-reused' ? 'idempotency-key-reused' : 'unexpected'
    case 503: return problem === 'overloaded' && retryAfter ? 'refused' : 'unexpected'
    default: return 'unexpected'
  }
}

/** Whether the response says that the payment does not allow this refund, so that nothing was written. */
export function isRefundRefusal(kind: PaymentResponseKind): boolean {
  return (refundRefusals as readonly PaymentResponseKind[]).includes(kind)
}

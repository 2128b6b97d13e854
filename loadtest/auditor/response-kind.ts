/** Kinds of responses. `lost`: none arrived. `unexpected`: one that no caller should see. `refused`: 503 `overloaded`. */
export const paymentResponseKinds = ['accepted', 'replayed', 'refused', 'idempotency-key-in-use', 'idempotency-key-reused', 'lost', 'unexpected'] as const
export type PaymentResponseKind = typeof paymentResponseKinds[number]

/** What classifies a response to POST /payments. */
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

/** Classifies a response to POST /payments. Imports nothing, so that k6 can run it too. */
export function paymentResponseKind({ status, replayed, problem, retryAfter }: PaymentResponse): PaymentResponseKind {
  switch (status) {
    case 0: return 'lost'
    case 201: return replayed ? 'replayed' : 'accepted'
    case 409: return problem === 'idempotency-key-in-use' && retryAfter ? 'idempotency-key-in-use' : 'unexpected'
    case 422: return problem === 'idempotency-key-reused' ? 'idempotency-key-reused' : 'unexpected'
    case 503: return problem === 'overloaded' && retryAfter ? 'refused' : 'unexpected'
    default: return 'unexpected'
  }
}

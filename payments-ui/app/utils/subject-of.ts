/** What an entry or a job belongs to: a refund, or else the payment itself. */
export function subjectOf({ paymentId, refundId }: { paymentId: string, refundId: string | null }): { kind: 'payment' | 'refund', id: string, path: string } {
  return refundId
    ? { kind: 'refund', id: refundId, path: `/refunds/${refundId}` }
    : { kind: 'payment', id: paymentId, path: `/payments/${paymentId}` }
}

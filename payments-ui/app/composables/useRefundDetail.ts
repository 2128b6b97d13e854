import type { RefundDetail } from '#shared/types/refund'

/** One refund, kept current by the event stream. */
export function useRefundDetail(id: string) {
  const { body: refund, missing, problem, load, refresh } = useResource<RefundDetail>('refund', `/api/refunds/${encodeURIComponent(id)}`)

  useLiveRefresh({
    refresh,
    isLoaded: () => refund.value !== null || missing.value,
  })
  usePaymentEvents().onSettled(({ refundId }) => {
    if (refundId === id)
      refresh()
  })

  return { refund, missing, problem, load, refresh }
}

import type { PaymentDetail } from '#shared/types/payment-detail'

/** One payment with the balance of its account, kept current by the event stream. */
export function usePaymentDetail(id: string) {
  const events = usePaymentEvents()
  const { body: payment, missing, problem, load, refresh } = useResource<PaymentDetail>('payment', `/api/payments/${encodeURIComponent(id)}`)
  const balance = useAccountBalance()

  useLiveRefresh({
    refresh: refreshAll,
    isLoaded: () => payment.value !== null || missing.value,
  })
  events.onSettled((settled) => {
    if (settled.id === id)
      refreshAll()
  })

  function refreshAll(): void {
    refresh()
    balance.refresh()
  }

  watch(() => payment.value?.accountId, (accountId) => {
    if (accountId && (balance.state.value.kind === 'none' || balance.state.value.accountId !== accountId))
      void balance.choose(accountId)
  }, { immediate: import.meta.client })

  return { payment, missing, problem, load, balance, refreshAll }
}

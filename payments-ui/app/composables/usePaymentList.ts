import type { Payment, PaymentPage } from '#shared/types/payment'
import type { PaymentSettled } from '#shared/types/payment-settled'

/** At most three fetches per second, however many events arrive. */
const REFRESH_EVERY_MS = 333
/** Events are applied in batches, because a worker settles hundreds of payments at once. */
const PATCH_EVERY_MS = 100
/** Settled payments to remember, for responses that were in flight when they settled. */
const MAX_REMEMBERED = 1_000
/** Payments to fetch at a time whose discrepancy or refunds the event did not contain. */
const MAX_DETAILS = 20

export interface PaymentListOptions {
  /** Unique among the console's lists. */
  name?: string
  /** The query of GET /payments. */
  query?: Readonly<Ref<Record<string, string>>>
  /** The user has scrolled down: no visible row may disappear. */
  isReading?: Readonly<Ref<boolean>>
}

/** A list of payments, fetched on the server and kept current by the event stream. */
export function usePaymentList({ name = 'payment-list', query = ref({}), isReading }: PaymentListOptions = {}) {
  const recentlySettled = new Map<string, PaymentSettled>()
  let settledBatch = new Map<string, PaymentSettled>()
  const { rows: payments, refresh: resync, refreshNewest: refresh, change, ...list } = useCursorList<PaymentPage, Payment>({
    name,
    path: '/api/payments',
    query,
    rowsOf: page => page.payments,
    keyOf: payment => payment.id,
    newer: newerPayment,
    amend: rows => withSettledSince(rows, recentlySettled),
    isReading,
    refreshEveryMs: REFRESH_EVERY_MS,
  })

  const fetchAmounts = coalesce(async () => {
    const unknown = payments.value.filter(payment => (payment.outcome === 'discrepancy' && payment.discrepancyAmount === null) || payment.refundedAmount === null)
    const results = await Promise.all(unknown.slice(0, MAX_DETAILS).map(({ id }) => fetchJson<Payment>(`/api/payments/${id}`)))
    const found = results.flatMap(result => result.ok ? result.body : [])
    if (found.length > 0)
      change(rows => found.reduce(withPayment, rows))
  }, REFRESH_EVERY_MS)
  watch(payments, fetchAmounts, { flush: 'sync' })

  const flushSettled = coalesce(async () => {
    const batch = settledBatch
    settledBatch = new Map()
    const known = new Set(payments.value.map(payment => payment.id))
    if ([...batch.keys()].some(id => known.has(id)))
      change(rows => withSettled(rows, batch))
    if ([...batch.keys()].some(id => !known.has(id)) || ['status', 'outcome', 'jobDead'].some(name => name in query.value))
      refresh()
  }, PATCH_EVERY_MS)

  function applySettled(settled: PaymentSettled): void {
    rememberSettled(settledBatch, settled)
    rememberSettled(recentlySettled, settled)
    for (const id of recentlySettled.keys()) {
      if (recentlySettled.size <= MAX_REMEMBERED)
        break
      recentlySettled.delete(id)
    }
    flushSettled()
  }

  return {
    ...list,
    payments,
    /** Fetches what is new on top, soon. */
    refresh,
    /** Fetches all loaded payments again, soon: events were missed. */
    resync,
    applySettled,
  }
}

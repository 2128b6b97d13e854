import type { PaymentSettled } from '#shared/types/payment-settled'
import type { PaymentsArrived } from '#shared/types/payments-arrived'
import type { StreamState } from '~/utils/open-event-stream'
import { createEventHook, createSharedComposable, tryOnScopeDispose } from '@vueuse/core'

/**
 * The browser's event stream, shared by all tabs and components and followed while any component is mounted. Components fetch payments after
 * `hello`: fetching earlier would miss what happens between the two.
 */
export const usePaymentEvents = createSharedComposable(() => {
  const state = ref<StreamState>('connecting')
  const hello = createEventHook<void>()
  const settled = createEventHook<PaymentSettled>()
  const arrived = createEventHook<PaymentsArrived>()
  const resync = createEventHook<void>()

  if (import.meta.client) {
    let isDisposed = false
    let stop = () => {}
    const open = () => stop = shareEventStream('/api/events', {
      names: [
        'hello',
        'payment',
        'arrived',
        'resync',
      ],
      onState: value => state.value = value,
      onEvent: (name, data) => {
        switch (name) {
          case 'hello': return void hello.trigger()
          case 'payment': return void settled.trigger(data as PaymentSettled)
          case 'arrived': return void arrived.trigger(data as PaymentsArrived)
          case 'resync': return void resync.trigger()
        }
      },
    })
    // An event must not change the page before hydration ends.
    if (useNuxtApp().isHydrating)
      onNuxtReady(() => isDisposed || open())
    else
      open()
    tryOnScopeDispose(() => {
      isDisposed = true
      stop()
    })
  }

  return {
    state: shallowReadonly(state),
    /** The stream has opened, for the first time or again. */
    onHello: hello.on,
    onSettled: settled.on,
    /** Payments were accepted. Fires up to 50 times per second. */
    onArrived: arrived.on,
    /** Events were missed: fetch everything shown again. */
    onResync: resync.on,
  }
})

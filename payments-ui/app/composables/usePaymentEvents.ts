import type { PaymentSettled } from '#shared/types/payment-settled'
import type { StreamState } from '~/utils/open-event-stream'
import { createEventHook, createSharedComposable, tryOnScopeDispose } from '@vueuse/core'

/**
 * The event stream of this tab. Every component that asks for it gets the same one; it is open while one of them lives.
 * Whoever shows payments fetches after `hello`, so that nothing falls between the two.
 */
export const usePaymentEvents = createSharedComposable(() => {
  const state = ref<StreamState>('connecting')
  const hello = createEventHook<void>()
  const settled = createEventHook<PaymentSettled>()
  const arrived = createEventHook<void>()
  const resync = createEventHook<void>()

  if (import.meta.client) {
    let isLeft = false
    let stop = () => {}
    const open = () => stop = openEventStream('/api/events', {
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
          case 'arrived': return void arrived.trigger()
          case 'resync': return void resync.trigger()
        }
      },
    })
    // What it tells must not change a page that is yet coming alive.
    if (useNuxtApp().isHydrating)
      onNuxtReady(() => isLeft || open())
    else
      open()
    tryOnScopeDispose(() => {
      isLeft = true
      stop()
    })
  }

  return {
    state: shallowReadonly(state),
    /** The stream is open, for the first time or again. */
    onHello: hello.on,
    onSettled: settled.on,
    /** Payments were accepted somewhere; comes up to 50 times a second. */
    onArrived: arrived.on,
    /** Events were missed: what is shown has to be fetched anew. */
    onResync: resync.on,
  }
})

import type { FlowRates, FlowSample } from '~/utils/map-flow'
import { useDocumentVisibility } from '@vueuse/core'

/** How often the map looks, and over how many looks its rates are taken: short enough to feel live, long enough to be read. */
const LOOK_EVERY_MS = 1_000
const SAMPLES = 4

/** What flows through the system: rates from the event stream and the queue, and what has settled since the page was opened. */
export function useFlow() {
  const events = usePaymentEvents()
  const health = useSystemHealth()
  const visibility = useDocumentVisibility()
  const settled = ref(0)
  const rates = shallowRef<FlowRates>({ acceptedPerSecond: 0, settledPerSecond: 0 })
  const samples: FlowSample[] = []

  events.onSettled(() => settled.value++)
  // Events were missed: what was counted before and after does not fit together.
  events.onResync(() => samples.length = 0)

  async function look() {
    await health.load()
    const queue = health.operations.value?.queue
    if (!queue)
      return
    samples.push({ atMs: performance.now(), settled: settled.value, waiting: queue.waiting })
    samples.splice(0, samples.length - SAMPLES)
    rates.value = flowRates(samples[0]!, samples.at(-1)!)
  }

  usePolling(look, LOOK_EVERY_MS)
  watch(visibility, () => samples.length = 0)

  return { ...health, rates: shallowReadonly(rates), settled: shallowReadonly(settled) }
}

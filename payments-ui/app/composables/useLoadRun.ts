import type { AcceptedPayment } from '#shared/types/payment'
import type { Problem } from '#shared/types/problem'
import type { LoadCheck } from '~/utils/load-check'
import { promiseTimeout } from '@vueuse/core'

/** How often to look whether all have settled, and how long without any progress until that counts as not settled. */
const LOOK_EVERY_MS = 500
const LIST_EVERY_MS = 4_000
const SETTLE_DEADLINE_MS = 60_000
/** Settlements seen before the response that names the payment. They are few; after this many they are other people's. */
const MAX_EARLY = 5_000

export type LoadPhase = 'idle' | 'sending' | 'settling' | 'checked'

/**
 * Follows the payments of a run. Each run has an account that nothing else uses, so that its balance must be the sum of the run's
 * payments. The run ends when all have settled and the ledger was compared with what the responses said; or when the page is left.
 */
export function useLoadRun() {
  const events = usePaymentEvents()
  const phase = ref<LoadPhase>('idle')
  const counts = reactive({ accepted: 0, settled: 0, unanswered: 0 })
  const check = shallowRef<LoadCheck | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const accountId = ref('')

  const accepted = new Map<string, string>()
  const open = new Set<string>()
  const early = new Set<string>()
  let made = 0
  let progressAtMs = 0

  events.onSettled(({ id }) => {
    if (open.delete(id))
      settle()
    else if (phase.value === 'sending' && early.size < MAX_EARLY)
      early.add(id)
  })

  function settle() {
    counts.settled++
    progressAtMs = Date.now()
  }

  /** Begins a run. One that is still settling continues instead. */
  function begin() {
    if (phase.value === 'sending')
      return
    if (phase.value !== 'settling') {
      accountId.value = `LOAD-${randomUuid().slice(0, 8)}`
      for (const ids of [accepted, open, early])
        ids.clear()
      Object.assign(counts, { accepted: 0, settled: 0, unanswered: 0 })
      made = 0
    }
    check.value = problem.value = null
    phase.value = 'sending'
  }

  function accept({ id, amount }: AcceptedPayment) {
    counts.accepted++
    problem.value = null
    accepted.set(id, amount)
    if (early.delete(id))
      settle()
    else
      open.add(id)
  }

  // Events may be missed, so the list is asked now and then. Its answer is what the check is about anyway.
  async function finish() {
    phase.value = 'settling'
    progressAtMs = Date.now()
    let listedAtMs = Date.now()
    while (phase.value === 'settling') {
      const stalled = Date.now() - progressAtMs > SETTLE_DEADLINE_MS
      if (open.size === 0 || stalled || Date.now() - listedAtMs > LIST_EVERY_MS) {
        listedAtMs = Date.now()
        if (await compare(stalled))
          return
      }
      await promiseTimeout(LOOK_EVERY_MS)
    }
  }

  /** Compares the run with the API's list and the ledger. Returns whether that decides it. */
  async function compare(stalled: boolean): Promise<boolean> {
    const listed = await listLoad(accountId.value)
    if (phase.value !== 'settling')
      return true // more is being sent, or the page was left
    problem.value = listed.ok ? null : listed.problem
    if (!listed.ok)
      return false
    for (const { id, status } of listed.payments) {
      if (status !== 'pending' && open.delete(id))
        settle()
    }
    const found = checkLoad(accepted, listed.payments, listed.balance, counts.unanswered)
    if (!found.exact && found.settled < accepted.size && !stalled)
      return false
    check.value = found
    phase.value = 'checked'
    return true
  }

  onBeforeUnmount(() => phase.value = 'idle')

  return { phase, counts, check, problem, accountId, begin, nextAmount: () => loadAmount(made++), accept, finish }
}

import type { AcceptedPayment } from '#shared/types/payment'
import type { Problem } from '#shared/types/problem'
import type { LoadCheck } from '~/utils/load-check'

/** Requests in flight. Browsers open six connections per host, and the event stream and the page's own requests need some. */
const LANES = 4
/** A load stops by itself after this long. */
export const LOAD_SECONDS = 60
/** Payments per second that a load may have. */
export const LOAD_RATES = [10, 20, 50] as const
/** Payments that may wait to be sent; what is asked for beyond that is not sent. */
const MAX_WAITING = 200
const TICK_MS = 50
/** A request without a response is repeated with its key, about as long as an API takes to restart. */
const ATTEMPTS = 8
const RETRY_MS = 1_000
/** How often to look whether all have settled, and how long without any progress until that counts as not settled. */
const LOOK_EVERY_MS = 500
const LIST_EVERY_MS = 4_000
const SETTLE_DEADLINE_MS = 60_000
/** Settlements seen before the response that names the payment. They are few; after this many they are other people's. */
const MAX_EARLY = 5_000

export type LoadPhase = 'idle' | 'sending' | 'settling' | 'checked'

/**
 * Creates payments from this page: a number at once, or a load of a fixed rate for at most a minute. Each run has an account that
 * nothing else uses, so that its balance must be the sum of the run's payments. The run ends when all have settled and the ledger
 * was compared with what the responses said; or when the page is left.
 */
export function useLoad() {
  const events = usePaymentEvents()
  const phase = ref<LoadPhase>('idle')
  /** Seconds until the load stops by itself; null while there is none. */
  const secondsLeft = ref<number | null>(null)
  const counts = reactive({ accepted: 0, settled: 0, unanswered: 0 })
  const check = shallowRef<LoadCheck | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const accountId = ref('')

  let accepted = new Map<string, string>()
  let open = new Set<string>()
  const early = new Set<string>()
  let waiting = 0
  let made = 0
  let lanes = 0
  let progressAtMs = 0
  const leaving = new AbortController()
  let stopLoad = () => {}

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

  function begin() {
    if (phase.value === 'sending')
      return
    if (phase.value !== 'settling') {
      accountId.value = `LOAD-${randomUuid().slice(0, 8)}`
      accepted = new Map()
      open = new Set()
      early.clear()
      Object.assign(counts, { accepted: 0, settled: 0, unanswered: 0 })
      made = 0
    }
    check.value = problem.value = null
    phase.value = 'sending'
  }

  /** Creates this many payments as fast as the lanes allow. */
  function create(count: number) {
    begin()
    waiting = Math.min(MAX_WAITING, waiting + count)
    while (lanes < LANES && waiting > 0)
      void runLane()
  }

  async function runLane() {
    lanes++
    while (waiting > 0 && !leaving.signal.aborted) {
      waiting--
      await send(loadAmount(made++))
    }
    lanes--
    if (lanes === 0 && secondsLeft.value === null && !leaving.signal.aborted)
      void finish()
  }

  async function send(amount: string) {
    const key = randomUuid()
    const body = { accountId: accountId.value, amount, currency: 'USD', description: 'A load from the console' }
    for (let attempt = 1; attempt <= ATTEMPTS && !leaving.signal.aborted; attempt++) {
      const result = await fetchJson<AcceptedPayment>('/api/payments', { method: 'POST', headers: { 'idempotency-key': key }, body })
      if (result.ok)
        return accept(result.body)
      problem.value = result.problem
      await delay(RETRY_MS)
    }
    counts.unanswered++
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

  /** Creates payments at this rate until it is stopped, at most for `LOAD_SECONDS`. */
  function start(perSecond: number) {
    stopLoad()
    const beganMs = performance.now()
    let asked = 0
    secondsLeft.value = LOAD_SECONDS
    begin()
    const timer = setInterval(() => {
      const seconds = Math.min(LOAD_SECONDS, (performance.now() - beganMs) / 1_000)
      const due = Math.floor(seconds * perSecond) - asked
      asked += due
      if (due > 0)
        create(due)
      secondsLeft.value = Math.ceil(LOAD_SECONDS - seconds)
      if (seconds >= LOAD_SECONDS)
        stop()
    }, TICK_MS)
    stopLoad = () => clearInterval(timer)
  }

  /** Stops the load. What was accepted still settles and is checked. */
  function stop() {
    stopLoad()
    secondsLeft.value = null
    waiting = 0
    if (lanes === 0 && phase.value === 'sending')
      void finish()
  }

  // Events may be missed, so the list is asked now and then. Its answer is what the check is about anyway.
  async function finish() {
    phase.value = 'settling'
    progressAtMs = Date.now()
    let listedAtMs = Date.now()
    while (phase.value === 'settling' && !leaving.signal.aborted) {
      const stalled = Date.now() - progressAtMs > SETTLE_DEADLINE_MS
      if (open.size === 0 || stalled || Date.now() - listedAtMs > LIST_EVERY_MS) {
        listedAtMs = Date.now()
        if (await compare(stalled))
          return
      }
      await delay(LOOK_EVERY_MS)
    }
  }

  /** Compares the run with the API's list and the ledger. Returns whether that decides it. */
  async function compare(stalled: boolean): Promise<boolean> {
    const listed = await listLoad(accountId.value)
    if (phase.value !== 'settling' || leaving.signal.aborted)
      return true // more is being sent
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

  function leave() {
    leaving.abort()
    stopLoad()
  }
  onBeforeUnmount(leave)
  onMounted(() => addEventListener('pagehide', stop))
  onBeforeUnmount(() => removeEventListener('pagehide', stop))

  return {
    phase: shallowReadonly(phase),
    secondsLeft: shallowReadonly(secondsLeft),
    counts: readonly(counts),
    check: shallowReadonly(check),
    problem: shallowReadonly(problem),
    accountId: shallowReadonly(accountId),
    create,
    start,
    stop,
  }
}

function delay(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

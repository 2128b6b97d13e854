import type { AcceptedPayment } from '#shared/types/payment'
import { promiseTimeout } from '@vueuse/core'

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

/** Creates payments from this page: a number at once, or a load of a fixed rate for at most a minute. */
export function useLoad() {
  const run = useLoadRun()
  const { phase, counts, problem, accountId } = run
  /** Seconds until the load stops by itself; null while there is none. */
  const secondsLeft = ref<number | null>(null)
  let waiting = 0
  let lanes = 0
  let stopLoad = () => {}

  /** Creates this many payments as fast as the lanes allow. */
  function create(count: number) {
    run.begin()
    waiting = Math.min(MAX_WAITING, waiting + count)
    while (lanes < LANES && waiting > 0)
      void runLane()
  }

  async function runLane() {
    lanes++
    while (waiting > 0 && phase.value === 'sending') {
      waiting--
      await send(run.nextAmount())
    }
    lanes--
    if (lanes === 0 && secondsLeft.value === null && phase.value === 'sending')
      void run.finish()
  }

  async function send(amount: string) {
    const key = randomUuid()
    const body = { accountId: accountId.value, amount, currency: 'USD', description: 'A load from the console' }
    for (let attempt = 1; attempt <= ATTEMPTS && phase.value === 'sending'; attempt++) {
      const result = await fetchJson<AcceptedPayment>('/api/payments', { method: 'POST', headers: { 'idempotency-key': key }, body })
      if (result.ok)
        return run.accept(result.body)
      problem.value = result.problem
      await promiseTimeout(RETRY_MS)
    }
    counts.unanswered++
  }

  /** Creates payments at this rate until it is stopped, at most for `LOAD_SECONDS`. */
  function start(perSecond: number) {
    stopLoad()
    const beganMs = performance.now()
    let asked = 0
    secondsLeft.value = LOAD_SECONDS
    run.begin()
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
      void run.finish()
  }

  onBeforeUnmount(() => stopLoad())
  onMounted(() => addEventListener('pagehide', stop))
  onBeforeUnmount(() => removeEventListener('pagehide', stop))

  return {
    phase: shallowReadonly(phase),
    secondsLeft: shallowReadonly(secondsLeft),
    counts: readonly(counts),
    check: shallowReadonly(run.check),
    problem: shallowReadonly(problem),
    accountId: shallowReadonly(accountId),
    create,
    start,
    stop,
  }
}

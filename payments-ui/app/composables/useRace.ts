import type { AcceptedPayment, PaymentPage, PaymentRequest } from '#shared/types/payment'
import type { PaymentDetail } from '#shared/types/payment-detail'
import type { Problem } from '#shared/types/problem'
import type { Race } from '#shared/types/race'

/** The payment of every race. Its account is the race's alone, so that no other payment moves its balance meanwhile. */
export const RACE_PAYMENT: PaymentRequest = { accountId: 'RACE', amount: '10.00', currency: 'USD', description: 'The race' }

/** How long to wait for the payment to settle, and how often to look. */
const SETTLE_DEADLINE_MS = 10_000
const LOOK_EVERY_MS = 250

/** Sends one payment many times at once, then looks up what came of it. */
export function useRace() {
  const running = ref(false)
  const race = shallowRef<Race | null>(null)
  const key = ref('')
  /** The payments that hold the key, as the API lists them. */
  const holders = ref<number | null>(null)
  const payment = shallowRef<PaymentDetail | null>(null)
  /** Why the race could not be run or followed up. */
  const problem = shallowRef<Problem | null>(null)

  async function run(): Promise<void> {
    if (running.value)
      return
    running.value = true
    race.value = payment.value = problem.value = holders.value = null
    key.value = randomUuid()
    const result = await fetchJson<Race>('/api/race', { method: 'POST', headers: { 'idempotency-key': key.value }, body: RACE_PAYMENT })
    if (result.ok) {
      race.value = result.body
      await followUp(result.body)
    }
    else {
      problem.value = result.problem
    }
    running.value = false
  }

  async function followUp({ lanes }: Race): Promise<void> {
    const accepted = lanes.find(lane => lane.text !== null)
    if (!accepted) {
      problem.value = lanes[0]?.problem ?? null
      return
    }
    const found = await fetchJson<PaymentPage>('/api/payments', { query: { idempotencyKey: key.value } })
    if (!found.ok) {
      problem.value = found.problem
      return
    }
    holders.value = found.body.payments.length
    await untilSettled((JSON.parse(accepted.text!) as AcceptedPayment).id)
  }

  /** Fetches the payment until it is settled. After the deadline it is shown as it is: pending. */
  async function untilSettled(id: string): Promise<void> {
    const deadline = Date.now() + SETTLE_DEADLINE_MS
    do {
      const result = await fetchJson<PaymentDetail>(`/api/payments/${encodeURIComponent(id)}`)
      if (!result.ok) {
        problem.value = result.problem
        return
      }
      payment.value = result.body
      if (result.body.status !== 'pending')
        return
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
    } while (Date.now() < deadline)
  }

  return {
    running: shallowReadonly(running),
    race: shallowReadonly(race),
    key: shallowReadonly(key),
    holders: shallowReadonly(holders),
    payment: shallowReadonly(payment),
    problem: shallowReadonly(problem),
    run,
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

const SETTLE_DEADLINE_MS = 60_000
const POLL_MS = 50

/** One amount per outcome, and the status that its payment must reach. */
const PAYMENTS = { '100.00': 'completed', '42.13': 'completed', '0.00': 'failed', '-5.00': 'failed' }

interface Accepted { id: string, status: string }

/** Pays through the API and waits until a worker has settled it all. */
export async function paySome(combination: string, apiUrl: string): Promise<void> {
  for (const [amount, expected] of Object.entries(PAYMENTS)) {
    const { id } = await post(combination, `${apiUrl}/payments`, { accountId: 'ACC-001', amount })
    await becomes(`${combination}: a payment of ${amount}`, `${apiUrl}/payments/${id}`, ['pending'], expected)
  }
}

/** Refunds a payment through one API, and waits until the other one sees what the worker made of it. */
export async function refundOne(combination: string, apiUrl: string, otherUrl: string): Promise<void> {
  const { id } = await post(combination, `${apiUrl}/payments`, { accountId: 'ACC-001', amount: '100.00' })
  await becomes(`${combination}: a payment`, `${apiUrl}/payments/${id}`, ['pending'], 'completed')
  await post(combination, `${apiUrl}/payments/${id}/refunds`, { amount: '30.00' })
  await becomes(`${combination}: a payment with a refund`, `${otherUrl}/payments/${id}`, ['completed'], 'partially_refunded')
  await post(combination, `${apiUrl}/payments/${id}/refunds`, {})
  await becomes(`${combination}: a payment with two refunds`, `${otherUrl}/payments/${id}`, ['completed', 'partially_refunded'], 'refunded')
}

function post(combination: string, url: string, body: object): Promise<Accepted> {
  return ask(combination, url, { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() }, body: JSON.stringify(body) })
}

async function ask(combination: string, url: string, init?: RequestInit): Promise<Accepted> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(SETTLE_DEADLINE_MS) })
  if (!response.ok)
    throw new Error(`${combination}: ${init?.method ?? 'GET'} ${new URL(url).pathname} returned ${response.status}: ${await response.text()}`)
  return await response.json() as Accepted
}

/** Waits until the payment at this URL has a status. Throws if it has one that is neither this nor one of those before. */
async function becomes(what: string, url: string, before: string[], expected: string): Promise<void> {
  const deadline = Date.now() + SETTLE_DEADLINE_MS
  for (;;) {
    const { status } = await ask(what, url)
    if (status === expected)
      return
    if (!before.includes(status) || Date.now() > deadline)
      throw new Error(`${what} is ${status} instead of ${expected}`)
    await delay(POLL_MS)
  }
}

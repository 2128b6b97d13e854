import type { Exchange, Payment } from '../auditor/chaos/journal.ts'
import type { Random } from '../faults/fault.ts'
import type { Call, Client } from './client.ts'
import type { PaidPayment } from './refund.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { kindOf } from '../auditor/chaos/journal.ts'
import { isRefundRefusal } from '../auditor/response-kind.ts'
import { paidPayment, refundPayment } from './refund.ts'

/** An API documents a wait of at least a second; callers here are less patient, which is harder for it. */
const RETRY_AFTER_MS = 300
const MAX_RETRIES = 3
const LIST_LIMIT = 20
/** Some payments arrive as a burst: at one process and to one account, within a millisecond or two. */
const BURSTS = 0.03
const BURST_SIZE = 5
/** Of payments, after which the caller refunds one that it made before. */
const REFUNDS = 0.08
/** Refunds choose among the caller's last payments: most have settled, and several refunds meet at one. */
const MAX_REFUNDABLE = 5

const acceptedPayment = z.object({ id: z.string() })
const entriesPage = z.object({ entries: z.array(z.object({ createdAt: z.string() })) })

export interface CallerOptions {
  /** The prefix of the caller's keys. */
  name: string
  client: Client
  random: Random
  /** Every API process. */
  apis: string[]
  accounts: string[]
  /** From one payment to the next, if the responses are fast enough. */
  everyMs: number
  signal: AbortSignal
}

/** Pays until the signal aborts, and after each payment may retry, replay, read or refund. Returns once its last response has arrived. */
export async function runCaller({ name, client, random, apis, accounts, everyMs, signal }: CallerOptions): Promise<void> {
  const api = () => random.pick(apis)
  const read = (path: string) => client({ purpose: 'read', api: api(), path })
  const patiently = (request: Omit<Call, 'api'>) => sendPatiently(client, request, api, random, signal)
  const refundable: PaidPayment[] = []

  await delay(random.integer(0, everyMs), null, { signal }).catch(() => {})
  for (let n = 1; !signal.aborted; n++) {
    const due = performance.now() + everyMs * (0.5 + random.number())
    const key = `${name}-${n}`
    const payment = { accountId: random.pick(accounts), amount: drawAmount(random), description: key }
    const paid = await patiently({ purpose: 'pay', path: '/payments', key, payment })
    if (paid.outcome === 'ok')
      await afterwards(paid, payment)
    if (refundable.length > 0 && random.number() < REFUNDS)
      await refundPayment(random.pick(refundable), `${key}-refund`, { client, random, api, send: request => patiently({ purpose: 'refund', ...request }) })
    const made = paid.outcome === 'ok' ? paidPayment(paid, payment) : null
    if (made && refundable.push(made) > MAX_REFUNDABLE)
      refundable.shift()
    if (random.number() < BURSTS)
      await burst(key, payment)
    await delay(Math.max(0, due - performance.now()), null, { signal }).catch(() => {})
  }

  async function burst(first: string, { accountId }: Payment): Promise<void> {
    const process = api()
    await Promise.all(Array.from({ length: BURST_SIZE }, (_, i) => {
      const key = `${first}-${i}`
      return client({ purpose: 'pay', api: process, path: '/payments', key, payment: { accountId, amount: drawAmount(random), description: key } })
    }))
  }

  async function afterwards(paid: Exchange, payment: Payment): Promise<void> {
    const draw = random.number()
    if (draw < 0.15)
      await client({ purpose: 'replay', api: api(), path: '/payments', key: paid.key, payment })
    else if (draw < 0.2)
      await client({ purpose: 'other-body', api: api(), path: '/payments', key: paid.key, payment: { ...payment, amount: '123456.78' } })
    else if (draw < 0.4)
      await read(`/payments/${acceptedPayment.parse(JSON.parse(paid.body)).id}`)
    else if (draw < 0.5)
      await read(`/payments?accountId=${payment.accountId}&limit=${LIST_LIMIT}`)
    else if (draw < 0.6)
      await read(`/accounts/${payment.accountId}`)
    else if (draw < 0.75)
      await readPast(payment.accountId)
  }

  /** Reads entries, and the balance at an instant before the newest of them, up to which nothing can change any more. */
  async function readPast(accountId: string): Promise<void> {
    const { outcome, body } = await read(`/accounts/${accountId}/entries?limit=${LIST_LIMIT}`)
    const times = outcome === 'ok' ? entriesPage.parse(JSON.parse(body)).entries.map(({ createdAt }) => createdAt) : []
    const past = times.filter(time => time !== times[0])
    if (past.length > 0)
      await read(`/accounts/${accountId}/balance?at=${random.pick(past)}`)
  }
}

/** Pays or refunds, and half of the time repeats the request while its outcome is unknown or refused for now, as the API's guide says. */
async function sendPatiently(client: Client, request: Omit<Call, 'api'>, api: () => string, random: Random, signal: AbortSignal): Promise<Exchange> {
  let last = await client({ api: api(), ...request })
  const retries = random.number() < 0.5 ? MAX_RETRIES : 0
  for (let retry = 0; last.outcome !== 'ok' && !isRefundRefusal(kindOf(last)) && retry < retries && !signal.aborted; retry++) {
    await delay(RETRY_AFTER_MS * 2 ** retry, null, { signal }).catch(() => {})
    last = await client({ ...request, purpose: 'retry', api: api() })
  }
  return last
}

/** Mostly amounts that match; some with a discrepancy (.13), and some that fail (zero or less). */
function drawAmount(random: Random): string {
  const draw = random.number()
  if (draw < 0.03)
    return '0.00'
  const units = random.integer(1, 999)
  if (draw < 0.05)
    return `-${units}.00`
  return `${units}.${draw < 0.1 ? '13' : String(random.integer(0, 99)).padStart(2, '0')}`
}

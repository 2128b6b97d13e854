import type { Exchange, Payment, Refund } from '../auditor/chaos/journal.ts'
import type { Random } from '../faults/fault.ts'
import type { Client } from './client.ts'
import { z } from 'zod'
import { cents, formatCents } from '../auditor/cents.ts'

/** Some refunds of a payment arrive at once, at every process. */
const BURSTS = 0.25
const BURST_SIZE = 4
const LIST_LIMIT = 20

const acceptedPayment = z.object({ id: z.string() })

/** A payment that its caller may refund. */
export interface PaidPayment { id: string, key: string, payment: Payment }

/** Remembers what became of a payment that was acknowledged; null for one that fails, of which nothing can be refunded. */
export function paidPayment({ key, body }: Exchange, payment: Payment): PaidPayment | null {
  return cents(payment.amount) > 0n ? { id: acceptedPayment.parse(JSON.parse(body)).id, key: key!, payment } : null
}

/** Refunds a part or the rest of a payment under this key, and may then repeat that, change it under the same key, or read it. */
export async function refundPayment({ id, key: keyOfPayment, payment }: PaidPayment, key: string, { client, random, api, send }: {
  client: Client
  random: Random
  /** Chooses a process. */
  api: () => string
  /** Sends a refund until its outcome is known, or for as long as the caller is patient. */
  send: (request: { path: string, key: string, refund: Refund }) => Promise<Exchange>
}): Promise<void> {
  const path = `/payments/${id}/refunds`
  const drawRefund = (reason: string): Refund => ({ paymentId: id, accountId: payment.accountId, amount: drawAmount(random, cents(payment.amount)), reason })
  if (random.number() < BURSTS) {
    await Promise.all(Array.from({ length: BURST_SIZE }, (_, i) => client({ purpose: 'refund', api: api(), path, key: `${key}-${i}`, refund: drawRefund(`${key}-${i}`) })))
    return
  }
  const refund = drawRefund(key)
  const { outcome, body } = await send({ path, key, refund })
  if (outcome !== 'ok')
    return
  const read = (path: string) => client({ purpose: 'read', api: api(), path })
  const draw = random.number()
  if (draw < 0.2)
    await client({ purpose: 'replay', api: api(), path, key, refund })
  else if (draw < 0.25)
    await client({ purpose: 'other-body', api: api(), path, key, refund: { ...refund, amount: '123456.78' } })
  else if (draw < 0.3)
    await client({ purpose: 'other-body', api: api(), path, key: keyOfPayment, refund })
  else if (draw < 0.5)
    await read(`/refunds/${acceptedPayment.parse(JSON.parse(body)).id}`)
  else if (draw < 0.7)
    await read(`/payments/${id}`)
  else if (draw < 0.8)
    await read(`/refunds?paymentId=${id}&limit=${LIST_LIMIT}`)
  else if (draw < 0.9)
    await read(`/refunds?accountId=${payment.accountId}&limit=${LIST_LIMIT}`)
}

/** Undefined for all that is left; sometimes a cent more than was paid. */
function drawAmount(random: Random, paid: bigint): string | undefined {
  const draw = random.number()
  if (draw < 0.3)
    return undefined
  return formatCents(draw < 0.35 ? paid + 1n : BigInt(random.integer(1, Number(paid))))
}

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

const TIMEOUT_MS = 20_000

export interface PaymentOrder {
  accountId: string
  amount: string
  currency?: string
  description?: string
}

/** Creates a payment through the API and returns its id. Throws unless the API responds with 201. */
export async function pay(api: string, order: PaymentOrder, key: string = randomUUID()): Promise<string> {
  const response = await fetch(`${api}/payments`, {
    method: 'POST',
    headers: {
      'Idempotency-Key': key,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify(order),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  assert.equal(response.status, 201)
  return (await response.json() as { id: string }).id
}

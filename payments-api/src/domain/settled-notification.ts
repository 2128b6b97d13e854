import type { PaymentEvent } from './event-hub.ts'
import { z } from 'zod'
import { OUTCOMES, SETTLED_STATUS } from './payment.ts'

/** What a worker sends on payment_events when it settles payments: their ids, grouped by result status. */
const Payload = z.record(z.string(), z.array(z.uuid()))

/**
 * Parses a settled notification. Returns undefined for a payload that this version does not understand, perhaps from a newer
 * worker: clients must then fetch again.
 */
export function parseSettled(payload: string): PaymentEvent[] | undefined {
  let json: unknown
  try {
    json = JSON.parse(payload)
  }
  catch {
    return undefined
  }
  const parsed = Payload.safeParse(json)
  if (!parsed.success || !Object.keys(parsed.data).every(isResultStatus))
    return undefined
  return Object.entries(parsed.data).flatMap(([result, ids]) => isResultStatus(result)
    ? ids.map(id => ({ id, status: SETTLED_STATUS[result], outcome: OUTCOMES[result] }))
    : [])
}

function isResultStatus(status: string): status is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, status)
}

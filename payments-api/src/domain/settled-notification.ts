import type { PaymentEvent } from './event-hub.ts'
import { z } from 'zod'
import { OUTCOMES, SETTLED_STATUS } from './payment.ts'

/** What a worker sends on payment_events when it settles payments: their ids, grouped by result status. */
const Settled = z.record(z.string(), z.array(z.uuid()))
/** What it sends on payment_accounts just before, in the same transaction. Older workers do not. */
const Accounts = z.array(z.object({ paymentId: z.uuid(), accountId: z.string() }))
/** Accounts kept until their payments' notification arrives: those of several batches of the largest size. */
const MAX_KEPT = 10_000

export interface SettledNotifications {
  /** Takes a payload of payment_accounts. */
  takeAccounts: (payload: string) => void
  /**
   * Parses a payload of payment_events. The payments have the accounts taken before, or none. Returns undefined for a payload that
   * this version does not understand, perhaps from a newer worker: clients must then fetch again.
   */
  parse: (payload: string) => PaymentEvent[] | undefined
}

/** Reads the notifications of settled payments. Their accounts come on a channel of their own, which older APIs do not hear. */
export function settledNotifications(): SettledNotifications {
  const accounts = new Map<string, string>()

  return {
    takeAccounts: (payload) => {
      if (accounts.size > MAX_KEPT)
        accounts.clear() // their payments' notifications never came
      for (const { paymentId, accountId } of Accounts.safeParse(parseJson(payload)).data ?? [])
        accounts.set(paymentId, accountId)
    },

    parse: (payload) => {
      const parsed = Settled.safeParse(parseJson(payload))
      if (!parsed.success || !Object.keys(parsed.data).every(isResultStatus))
        return undefined
      return Object.entries(parsed.data).flatMap(([result, ids]) => isResultStatus(result)
        ? ids.map(id => ({ id, accountId: take(id), status: SETTLED_STATUS[result], outcome: OUTCOMES[result] }))
        : [])
    },
  }

  function take(id: string): string | undefined {
    const account = accounts.get(id)
    accounts.delete(id)
    return account
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}

function isResultStatus(status: string): status is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, status)
}

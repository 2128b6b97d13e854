import type { PaymentEvent } from './event-hub.ts'
import type { Outcome, PaymentStatus } from './payment.ts'
import { z } from 'zod'
import { OUTCOMES, PAYMENT_STATUSES, SETTLED_STATUS } from './payment.ts'

/** What a worker sends on payment_events when it settles payments or refunds: their ids, grouped by result status. */
const Settled = z.record(z.string(), z.array(z.uuid()))
/** What it sends on payment_accounts just before, in the same transaction. Older workers do not. */
const Accounts = z.array(z.object({ paymentId: z.uuid(), accountId: z.string() }))
/** What the database sends on refund_events before both, in the same transaction: the refunds, and what became of their payments. */
const Refunds = z.array(z.object({ refundId: z.uuid(), paymentId: z.uuid(), paymentStatus: z.enum(PAYMENT_STATUSES) }))
type RefundedPayment = Omit<z.output<typeof Refunds>[number], 'refundId'>
/** Accounts, and refunds, kept until the notification that they have settled: those of several batches of the largest size. */
const MAX_KEPT = 10_000

/** A payment or refund that has settled, by its own id, and the event to send. */
export interface Settlement {
  id: string
  outcome: Outcome
  event: PaymentEvent
}

export interface SettledNotifications {
  /** Takes a payload of payment_accounts. */
  takeAccounts: (payload: string) => void
  /** Takes a payload of refund_events. Returns whether this version understands it: if not, clients must fetch again. */
  takeRefunds: (payload: string) => boolean
  /**
   * Parses a payload of payment_events. The payments have the accounts taken before, or none. Returns undefined for a payload that
   * this version does not understand, perhaps from a newer worker: clients must then fetch again.
   */
  parse: (payload: string) => Settlement[] | undefined
}

/** Reads the notifications of settled payments. What payment_events lacks comes on channels of its own, which older APIs do not hear. */
export function settledNotifications(): SettledNotifications {
  const accounts = new Map<string, string>()
  const refunds = new Map<string, RefundedPayment>()
  /** The newest status of each payment whose refunds were taken: one transaction may settle several, and name them in another order. */
  const statuses = new Map<string, PaymentStatus>()

  return {
    takeAccounts: (payload) => {
      for (const { paymentId, accountId } of Accounts.safeParse(parseJson(payload)).data ?? [])
        keep(accounts, paymentId, accountId)
    },

    takeRefunds: (payload) => {
      const { success, data = [] } = Refunds.safeParse(parseJson(payload))
      for (const { refundId, ...payment } of data) {
        keep(refunds, refundId, payment)
        keep(statuses, payment.paymentId, payment.paymentStatus)
      }
      return success
    },

    parse: (payload) => {
      const parsed = Settled.safeParse(parseJson(payload))
      if (!parsed.success || !Object.keys(parsed.data).every(isResultStatus))
        return undefined
      return Object.entries(parsed.data).flatMap(([result, ids]) => isResultStatus(result)
        ? ids.map(id => settlement(id, result))
        : [])
    },
  }

  /** A refund is an event of its payment. It leaves the payment's outcome as it is. */
  function settlement(id: string, result: keyof typeof OUTCOMES): Settlement {
    const outcome = OUTCOMES[result]
    const accountId = take(accounts, id)
    const refunded = take(refunds, id)
    return {
      id,
      outcome,
      event: refunded
        ? { id: refunded.paymentId, accountId, status: statuses.get(refunded.paymentId) ?? refunded.paymentStatus, refundId: id }
        : { id, accountId, status: SETTLED_STATUS[result], outcome },
    }
  }
}

function keep<Value>(kept: Map<string, Value>, id: string, value: Value): void {
  if (kept.size > MAX_KEPT)
    kept.clear() // their notification never came
  kept.set(id, value)
}

function take<Value>(kept: Map<string, Value>, id: string): Value | undefined {
  const value = kept.get(id)
  kept.delete(id)
  return value
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

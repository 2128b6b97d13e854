import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'
import { paymentResponseKinds } from './response-kind.ts'

/** Maximum payments in one run. The auditor holds their journal in memory, about 1 kB per payment. */
export const MAX_PAYMENTS = 1_000_000

/** A POST /payments or POST /payments/{id}/refunds, and its response. */
const paymentEntry = z.strictObject({
  kind: z.enum(paymentResponseKinds),
  key: z.string(),
  accountId: z.string(),
  /** With two decimals, as the response must contain it. Missing from a refund of all that is left. */
  amount: z.string().optional(),
  /** The payment that it refunds, whose account accountId is; missing from a payment. */
  refundOf: z.string().optional(),
  status: z.int(),
  body: z.string(),
})
export type PaymentEntry = z.infer<typeof paymentEntry>

/** A request and its response, to be compared with the OpenAPI document. */
const exchangeEntry = z.strictObject({
  method: z.string(),
  url: z.string(),
  status: z.int(),
  contentType: z.string(),
  body: z.string(),
})
export type ExchangeEntry = z.infer<typeof exchangeEntry>

export type JournalEntry = PaymentEntry | ExchangeEntry

/** What k6 sent and received during one run. */
export interface Journal {
  /** By idempotency key, in the order in which k6 wrote the entries. */
  payments: Map<string, PaymentEntry[]>
  exchanges: ExchangeEntry[]
}

/** Reads the journal that k6/lib/pay.ts writes, one JSON document per line. Throws a Refusal if it does not fit in memory. */
export async function readJournal(file: string): Promise<Journal> {
  const journal: Journal = { payments: new Map(), exchanges: [] }
  let lines = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (++lines > MAX_PAYMENTS * 2)
      throw new Refusal(`Too many responses to compare: k6 received more than ${MAX_PAYMENTS * 2}. Choose a smaller DURATION, VUS or RATE.`)
    const entry = z.union([paymentEntry, exchangeEntry]).parse(JSON.parse(line))
    if (!('key' in entry)) {
      journal.exchanges.push(entry)
      continue
    }
    const sameKey = journal.payments.get(entry.key)
    if (sameKey)
      sameKey.push(entry)
    else
      journal.payments.set(entry.key, [entry])
  }
  return journal
}

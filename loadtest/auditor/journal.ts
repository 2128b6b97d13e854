import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { Refusal } from '../../compose/src/refusal.ts'

/** Payments of one run: the auditor holds k6's account of all of them in memory, about 1 kB each. */
export const MOST_PAYMENTS = 1_000_000

/** An answer to POST /payments. */
const noted = z.strictObject({
  /** `lost` is no answer at all; `unexpected` any answer that no caller should see. */
  kind: z.enum(['accepted', 'replayed', 'refused', 'in-use', 'other-payment', 'lost', 'unexpected']),
  key: z.string(),
  accountId: z.string(),
  /** As the answer must have it. */
  amount: z.string(),
  status: z.int(),
  body: z.string(),
})
export type Noted = z.infer<typeof noted>

/** An answer that is to be compared with the OpenAPI document. */
const shown = z.strictObject({
  method: z.string(),
  url: z.string(),
  status: z.int(),
  contentType: z.string(),
  body: z.string(),
})
export type Shown = z.infer<typeof shown>

export interface Account {
  /** By their key, in the order in which they were noted. */
  attempts: Map<string, Noted[]>
  shown: Shown[]
}

/** Reads what k6 noted, one JSON document a line (k6/lib/pay.ts). Throws a Refusal where there is more than fits. */
export async function readAccount(file: string): Promise<Account> {
  const account: Account = { attempts: new Map(), shown: [] }
  let lines = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (++lines > MOST_PAYMENTS * 2)
      throw new Refusal(`k6 noted more than ${MOST_PAYMENTS * 2} answers, too many to compare: choose a smaller DURATION, VUS or RATE`)
    const entry = z.union([noted, shown]).parse(JSON.parse(line))
    if (!('key' in entry)) {
      account.shown.push(entry)
      continue
    }
    const attempts = account.attempts.get(entry.key)
    if (attempts)
      attempts.push(entry)
    else
      account.attempts.set(entry.key, [entry])
  }
  return account
}

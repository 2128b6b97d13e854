import type { PaymentResponseKind } from '../response-kind.ts'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Refusal } from '../../../compose/src/refusal.ts'
import { paymentResponseKind } from '../response-kind.ts'

/** What a caller knows after a request: it had its effect, it had none, or either. */
const outcomes = ['ok', 'refused', 'unknown'] as const
export type Outcome = typeof outcomes[number]

/** Why a request was sent. `reveal`: after the round, the audit repeats each key. `probe`: measures the recovery. */
const purposes = ['pay', 'refund', 'retry', 'replay', 'other-body', 'read', 'read-announced', 'probe', 'reveal', 'page'] as const

const payment = z.strictObject({
  accountId: z.string(),
  /** With two decimals, as the response must contain it; every payment is in USD. */
  amount: z.string(),
  description: z.string(),
})
export type Payment = z.infer<typeof payment>

const refund = z.strictObject({
  paymentId: z.string(),
  /** The payment's account, as the response must contain it. */
  accountId: z.string(),
  /** With two decimals; missing from a refund of all that is left. */
  amount: z.string().optional(),
  reason: z.string(),
})
export type Refund = z.infer<typeof refund>

/** Written before the request is sent. Times are epoch milliseconds of a clock that never goes back within a process. */
const sentLine = z.strictObject({
  line: z.literal('sent'),
  n: z.int(),
  at: z.number(),
  purpose: z.enum(purposes),
  method: z.enum(['GET', 'POST']),
  url: z.string(),
  key: z.string().optional(),
  payment: payment.optional(),
  refund: refund.optional(),
})
export type SentLine = z.infer<typeof sentLine>

/** Written once the response has arrived, or cannot arrive any more. */
const doneLine = z.strictObject({
  line: z.literal('done'),
  n: z.int(),
  at: z.number(),
  outcome: z.enum(outcomes),
  /** 0 if no response arrived. */
  status: z.int(),
  contentType: z.string(),
  replayed: z.boolean(),
  retryAfter: z.boolean(),
  body: z.string(),
  /** Why no response arrived: ECONNRESET, a timeout and so on. */
  error: z.string().optional(),
})
export type DoneLine = z.infer<typeof doneLine>

const streamLine = z.strictObject({
  line: z.literal('stream'),
  stream: z.string(),
  at: z.number(),
  /** An event of GET /events, or `end` when the connection ended. */
  event: z.enum(['hello', 'payment', 'resync', 'end']),
  payment: z.string().optional(),
  /** The refund that settled, if it is not the payment itself. */
  refund: z.string().optional(),
  /** The payment's status. */
  status: z.string().optional(),
})
export type StreamLine = z.infer<typeof streamLine>

const journalLine = z.discriminatedUnion('line', [sentLine, doneLine, streamLine])
export type JournalLine = z.infer<typeof journalLine>

/** A request and what became of it. `endedAt` is null if its process was killed meanwhile. */
export type Exchange = Omit<SentLine, 'line' | 'at'> & Omit<DoneLine, 'line' | 'at' | 'n'> & { sentAt: number, endedAt: number | null }

export interface ChaosJournal {
  exchanges: Exchange[]
  /** By stream, in the order in which the events arrived. */
  streams: Map<string, StreamLine[]>
}

const NO_RESPONSE = { outcome: 'unknown', status: 0, contentType: '', replayed: false, retryAfter: false, body: '', error: 'its process ended' } as const

/** Reads the journals of a round. A process that was killed may have cut its last line, which is then left out. */
export function readChaosJournal(files: string[]): ChaosJournal {
  const journal: ChaosJournal = { exchanges: [], streams: new Map() }
  for (const file of files) {
    const open = new Map<number, Exchange>()
    for (const line of readLines(file)) {
      if (line.line === 'sent') {
        const { line: _, at, ...sent } = line
        const exchange = { ...sent, sentAt: at, endedAt: null, ...NO_RESPONSE }
        open.set(line.n, exchange)
        journal.exchanges.push(exchange)
      }
      else if (line.line === 'done') {
        const { line: _, at, ...done } = line
        Object.assign(open.get(line.n)!, { error: undefined, ...done, endedAt: at })
      }
      else {
        const lines = journal.streams.get(line.stream) ?? []
        journal.streams.set(line.stream, lines)
        lines.push(line)
      }
    }
  }
  journal.exchanges.sort((a, b) => a.sentAt - b.sentAt)
  return journal
}

function readLines(file: string): JournalLine[] {
  const texts = readFileSync(file, 'utf8').split('\n').slice(0, -1) // what follows the last line break is empty, or was cut
  return texts.map((text, i) => {
    try {
      return journalLine.parse(JSON.parse(text))
    }
    catch (error) {
      throw new Refusal(`${file}:${i + 1} is not a line of a journal: ${(error as Error).message}`)
    }
  })
}

/** The last part of the type of the problem that a response describes, such as `overloaded`; undefined if it describes none. */
export function problemOf({ contentType, body }: Pick<Exchange, 'contentType' | 'body'>): string | undefined {
  return contentType.startsWith('application/problem+json') ? (JSON.parse(body) as { type: string }).type.split('/').at(-1) : undefined
}

/** The kind of a response for a payment or refund, as k6's journal has it. A 5xx or 408 leaves it unknown, like a lost response. */
export function kindOf({ status, body, replayed, retryAfter, contentType, error }: Pick<Exchange, 'status' | 'body' | 'replayed' | 'retryAfter' | 'contentType' | 'error'>): PaymentResponseKind {
  if (error === 'ECONNREFUSED')
    return 'refused' // nothing was sent
  const kind = paymentResponseKind({ status, replayed, retryAfter, problem: problemOf({ contentType, body }) })
  return kind === 'unexpected' && (status >= 500 || status === 408) ? 'lost' : kind
}

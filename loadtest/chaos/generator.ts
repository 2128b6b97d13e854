// A process of its own, so that the audit does not slow it down and a round can survive its end. Its parent tells it what to do.
import { join } from 'node:path'
import { z } from 'zod'
import { createRandom, deriveSeed } from '../faults/random.ts'
import { runCaller } from './caller.ts'
import { createClient } from './client.ts'
import { followStream } from './follow-stream.ts'
import { openJournal } from './journal-writer.ts'

/** Each caller waits for its response, so at most this many payments are in flight. */
const CALLERS = 20
/** Few, so that payments share accounts, and their balances are chains. */
const ACCOUNTS = 10
const BREAK_AFTER_MS = [500, 2_000] as const
/** A payment or refund that was just announced is read again this often, to see that it has settled. */
const READS_OF_ANNOUNCED = 0.05

const message = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('start'), folder: z.string(), runId: z.string(), seed: z.int(), rate: z.number(), apis: z.array(z.string()) }),
  /** Ends the callers; the streams stay open. */
  z.strictObject({ do: z.literal('stop-callers') }),
  z.strictObject({ do: z.literal('stop') }),
])
/** What the parent sends. The generator responds to each message with its `do`, once it is done. */
export type GeneratorMessage = z.infer<typeof message>

const callersStopped = new AbortController()
const stopped = new AbortController()
let callers = Promise.resolve<unknown>(undefined)
let ended = async (): Promise<void> => {}

process.on('SIGINT', () => {}) // a Ctrl-C reaches this process too; its parent decides when it stops
process.on('disconnect', () => process.exit())
process.on('message', (raw) => {
  const received = message.parse(raw)
  void handle(received).then(() => process.send!(received.do))
})

async function handle(received: GeneratorMessage): Promise<void> {
  switch (received.do) {
    case 'start': return start(received)
    case 'stop-callers':
      callersStopped.abort()
      return void await callers
    case 'stop':
      stopped.abort()
      return ended()
  }
}

function start({ folder, runId, seed, rate, apis }: Extract<GeneratorMessage, { do: 'start' }>): void {
  const journal = openJournal(join(folder, `generator-${process.pid}.jsonl`))
  const client = createClient(journal)
  const random = (...uses: number[]) => createRandom(deriveSeed(seed, ...uses))
  const accounts = Array.from({ length: ACCOUNTS }, (_, n) => `${runId}-${n}`)
  callers = Promise.all(Array.from({ length: CALLERS }, (_, n) => runCaller({
    name: `${runId}-${n}`,
    client: client.call,
    random: random(0, n),
    apis,
    accounts,
    everyMs: 1_000 * CALLERS / rate,
    signal: callersStopped.signal,
  })))

  const readRandom = random(1)
  const streams = apis.flatMap((api, n) => [false, true].map(isRestless => followStream({
    name: `${isRestless ? 'reconnecting' : 'steady'} stream of API ${n + 1}`,
    api,
    journal,
    signal: stopped.signal,
    onSettled: (path) => {
      if (readRandom.number() < READS_OF_ANNOUNCED)
        void client.call({ purpose: 'read-announced', api, path })
    },
    ...(isRestless && { breaks: { afterMs: BREAK_AFTER_MS, random: random(2, n) } }),
  })))
  ended = async () => {
    await Promise.all(streams)
    await client.idle()
    client.close()
    await journal.close()
  }
}

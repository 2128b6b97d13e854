import type { GeneratorMessage } from './generator.ts'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../../compose/src/refusal.ts'

/** A machine that is busy with other work has taken 15 s to start a process. */
const START_TIMEOUT_MS = 60_000
/** Longer than a caller's longest wait: its request's timeout. */
const RESPONSE_TIMEOUT_MS = 15_000

export interface Generator {
  pid: number
  /** Resolves once each caller has its last response. The streams stay open. */
  stopCallers: () => Promise<void>
  /** Closes the streams and the journal, and ends the process. */
  stop: () => Promise<void>
  /** Ends the process at once. */
  kill: () => void
}

/** Starts the generator's process. Its journal is `generator-<pid>.jsonl` in the folder. Throws a Refusal if it does not start. */
export async function startGenerator(options: Omit<Extract<GeneratorMessage, { do: 'start' }>, 'do'>): Promise<Generator> {
  const child = fork(join(import.meta.dirname, 'generator.ts'), { env: process.env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const tell = async (message: GeneratorMessage, timeoutMs = RESPONSE_TIMEOUT_MS): Promise<void> => {
    if (!child.connected)
      throw new Refusal('the generator of payments ended early')
    const done = new Promise<void>((resolve) => {
      const listener = (response: unknown): void => {
        if (response !== message.do)
          return
        child.off('message', listener)
        resolve()
      }
      child.on('message', listener)
    })
    child.send(message)
    const outcome = await Promise.race([done.then(() => 'done'), exited.then(() => 'ended'), delay(timeoutMs, 'timeout', { ref: false })])
    if (outcome !== 'done')
      throw new Refusal(outcome === 'ended' ? 'the generator of payments ended early' : `the generator of payments did not ${message.do} within ${timeoutMs / 1_000} s`)
  }
  try {
    await tell({ do: 'start', ...options }, START_TIMEOUT_MS)
  }
  catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    pid: child.pid!,
    stopCallers: () => tell({ do: 'stop-callers' }),
    stop: async () => {
      await tell({ do: 'stop' })
      child.disconnect()
      await exited
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

import type { Progress } from '../stack.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../refusal.ts'
import { runStep } from '../stack.ts'

/** Polls the condition until it holds. Throws a Refusal at the deadline, `timed out ... waiting for <what>`. */
export async function waitFor(what: string, condition: () => Promise<boolean>, { timeoutMs, pollMs }: { timeoutMs: number, pollMs: number }): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!await condition()) {
    if (Date.now() > deadline)
      throw new Refusal(`Timed out after ${timeoutMs / 1000} s, waiting for ${what}. See \`make status\`.`)
    await delay(pollMs)
  }
}

/** Like waitFor, and shows the wait as a step, unless the condition holds at once. */
export async function waitWithProgress(progress: Progress, what: string, condition: () => Promise<boolean>, limits: { timeoutMs: number, pollMs: number }): Promise<void> {
  if (await condition())
    return
  await runStep(progress, 'waiting', () => waitFor(what, condition, limits), `for ${what}`)
}

import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../refusal.ts'

/** Polls the condition until it holds. Throws a Refusal at the deadline. */
export async function waitUntil(what: string, condition: () => Promise<boolean>, { timeoutMs, pollMs }: { timeoutMs: number, pollMs: number }): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!await condition()) {
    if (Date.now() > deadline)
      throw new Refusal(`waited ${timeoutMs / 1000} s in vain until ${what}: see make status`)
    await delay(pollMs)
  }
}

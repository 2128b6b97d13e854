import { setTimeout as delay } from 'node:timers/promises'

/** Polls `ask` until it returns something other than false, null or undefined, and returns that. Throws at the deadline. */
export async function until<T>(what: string, ask: () => T | Promise<T>, timeoutMs = 20_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs
  while (true) {
    const result = await ask()
    if (result !== false && result !== null && result !== undefined)
      return result
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}`)
    await delay(30)
  }
}

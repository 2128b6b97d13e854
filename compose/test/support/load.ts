import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { pay } from './pay.ts'
import { until } from './until.ts'

/** Starts eight callers. Each one pays again `pauseMs` after the response to its last payment. */
export function startLoad(api: string, pauseMs = 0) {
  const failures: string[] = []
  const ids: string[] = []
  let longestMs = 0
  const stopped = new AbortController()
  const caller = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const begin = performance.now()
      await pay(api, { accountId: `load-${randomUUID().slice(0, 2)}`, amount: '1.00' })
        .then(id => ids.push(id), (error: Error) => failures.push(error.message))
      longestMs = Math.max(longestMs, performance.now() - begin)
      await delay(pauseMs)
    }
  }
  const callers = Array.from({ length: 8 }, caller)
  return {
    /** Waits for this many more responses. */
    reach: async (more: number): Promise<void> => {
      const goal = ids.length + failures.length + more
      await until(`${more} more responses`, () => ids.length + failures.length >= goal, 60_000)
    },
    /** Stops the callers once each has its last response. `longestMs` is the longest that a response took. */
    stop: async (): Promise<{ failures: string[], ids: string[], longestMs: number }> => {
      stopped.abort()
      await Promise.all(callers)
      return { failures, ids, longestMs }
    },
  }
}

/** Waits until each payment is completed. */
export async function settled(api: string, ids: string[]): Promise<void> {
  for (const id of ids)
    await until(`${id} is settled`, async () => (await (await fetch(`${api}/payments/${id}`)).json() as { status: string }).status === 'completed', 60_000)
}

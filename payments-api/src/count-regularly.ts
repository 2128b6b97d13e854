/** The finest step of the history. Counting takes well under a millisecond for a short queue, and tens for 100,000 jobs. */
const EVERY_MS = 5_000

/**
 * Counts now and every 5 s, once at a time however long a count takes. A count that fails is left out: the database's failures are
 * reported by the requests that they fail.
 */
export function countRegularly(count: () => Promise<void>): NodeJS.Timeout {
  let counting = false
  async function countOnce(): Promise<void> {
    if (counting)
      return
    counting = true
    await count().catch(() => {})
    counting = false
  }
  void countOnce()
  return setInterval(() => void countOnce(), EVERY_MS)
}

const TICK_MS = 100

/**
 * Calls `expire` after a time, unless it is stopped before. It counts ticks: a process that was suspended or blocked loses one
 * tick and not the whole time, so it reads what arrived meanwhile before the timeout expires.
 */
export function stallTolerantTimeout(ms: number, expire: () => void): { stop: () => void } {
  let ticksLeft = ms / TICK_MS
  const timer = setInterval(() => {
    if (--ticksLeft > 0)
      return
    clearInterval(timer)
    expire()
  }, TICK_MS)
  return { stop: () => clearInterval(timer) }
}

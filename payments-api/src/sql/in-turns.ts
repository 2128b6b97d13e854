const TURN_MS = 100

/**
 * Calls `expire` after a time, unless it is stopped before. In turns: of a process that stood still, or that is busy and
 * late to read, one turn passes and not the whole time, so that what has arrived meanwhile is read before it is missed.
 */
export function inTurns(ms: number, expire: () => void): { stop: () => void } {
  let turns = ms / TURN_MS
  const timer = setInterval(() => {
    if (--turns > 0)
      return
    clearInterval(timer)
    expire()
  }, TURN_MS)
  return { stop: () => clearInterval(timer) }
}

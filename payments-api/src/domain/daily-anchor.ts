import type { Logger } from 'pino'
import type { CheckInvariants, Pass } from './proofs.ts'

/** How often the API looks whether an anchor is due: a day-old anchor is extended within the hour. */
const EVERY_MS = 3_600_000

export interface DailyAnchorDeps {
  passes: readonly Pass[]
  check: CheckInvariants
  isDue: () => Promise<boolean>
  /** Adds an anchor and returns its text, or undefined if another process has just added one. */
  add: () => Promise<string | undefined>
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/**
 * Extends the chain of anchors if it is over a day old and the invariants hold: an anchor over unchecked payments would hide them
 * from later audits, which begin at the last anchor. The log is the copy outside of the database. Never throws.
 */
export async function extendAnchors({ passes, check, isDue, add, log }: DailyAnchorDeps): Promise<void> {
  try {
    if (!await isDue())
      return
    for await (const { outcome } of check(passes, () => {})) {
      if (outcome === undefined)
        return log.warn('no daily anchor: checking the invariants took too long; run make audit')
      if (outcome.length > 0)
        return log.error({ broken: [...new Set(outcome.flatMap(({ broken }) => broken))] }, 'no daily anchor: invariants are broken; run make audit')
    }
    const anchor = await add()
    if (anchor !== undefined)
      log.info({ anchor }, 'daily anchor added')
  }
  catch (error) {
    log.warn({ err: error }, 'no daily anchor: trying again in an hour')
  }
}

/** Extends the chain of anchors daily. Returns the timer. */
export function keepAnchors(deps: DailyAnchorDeps): NodeJS.Timeout {
  void extendAnchors(deps)
  return setInterval(() => void extendAnchors(deps), EVERY_MS)
}

import type { Logger } from 'pino'

/** Requests still running this long after the signal are cut off. */
const DRAIN_DEADLINE_MS = 10_000

export interface DrainSteps {
  /** Resolves once every running request has its response and no connection is left. */
  drain: () => Promise<void>
  /** Cuts off the requests that are still running at the deadline. */
  breakOff: () => void
  /** Closes the connections to the database. */
  close: () => Promise<unknown>
}

/** On SIGTERM or SIGINT, aborts `stop`, drains the process and exits: with 0, or with 1 if requests were cut off. */
export function drainOnSignal(stop: AbortController, { drain, breakOff, close }: DrainSteps, log: Logger): void {
  async function run(signal: NodeJS.Signals): Promise<void> {
    if (stop.signal.aborted)
      return
    log.info({ signal }, 'draining')
    setTimeout(() => {
      log.error({ deadlineMs: DRAIN_DEADLINE_MS }, 'drain deadline reached, cutting off the requests still running')
      breakOff()
      process.exit(1)
    }, DRAIN_DEADLINE_MS).unref()
    stop.abort()
    await drain()
    await close()
    log.info('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', signal => void run(signal))
  process.on('SIGINT', signal => void run(signal))
}

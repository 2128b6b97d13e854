import type { ArrivedAccounts } from './arrivals.ts'
import { joinArrivals, NO_ACCOUNTS } from './arrivals.ts'

/** Least time between two notifications of one process: NOTIFY takes a cluster-wide lock at commit. */
const MIN_GAP_MS = 20

/**
 * Notifies the workers that jobs are waiting, throttled on the leading edge: on an idle system the first payment wakes them at
 * once, and payments within the gap share one notification at its end. It names the accounts of all of them, for the event streams.
 */
export function wakeWorkers(notify: (accounts: ArrivedAccounts) => void): (accounts?: ArrivedAccounts) => void {
  let lastMs = -Infinity
  let timer: NodeJS.Timeout | undefined
  let waiting = NO_ACCOUNTS
  return (accounts) => {
    waiting = joinArrivals(waiting, accounts)
    if (timer)
      return
    const waitMs = lastMs + MIN_GAP_MS - performance.now()
    if (waitMs <= 0)
      send()
    else
      timer = setTimeout(send, waitMs)
  }

  function send(): void {
    const accounts = waiting
    waiting = NO_ACCOUNTS
    timer = undefined
    lastMs = performance.now()
    notify(accounts)
  }
}

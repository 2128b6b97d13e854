import type { Operations, Worker } from '#shared/types/operations'
import { expectedWorkers } from './worker-state'

/** What was seen at one moment: the time, the payments that have settled since the page was opened, and the queue. */
export interface FlowSample {
  atMs: number
  settled: number
  waiting: number
}

export interface FlowRates {
  acceptedPerSecond: number
  settledPerSecond: number
}

/**
 * The rates between two samples. What was accepted is what settled plus what the queue grew by, so neither needs a counter of
 * its own in the API; a job that died meanwhile counts as not accepted.
 */
export function flowRates(first: FlowSample, last: FlowSample): FlowRates {
  const seconds = (last.atMs - first.atMs) / 1_000
  if (seconds <= 0)
    return { acceptedPerSecond: 0, settledPerSecond: 0 }
  const settled = last.settled - first.settled
  return {
    acceptedPerSecond: Math.max(0, settled + last.waiting - first.waiting) / seconds,
    settledPerSecond: settled / seconds,
  }
}

/** The workers that the map shows: all but those that were stopped, by name, so that none changes its place. */
export function mapWorkers(operations: Operations | null): Worker[] {
  return expectedWorkers(operations?.workers ?? [])
    .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
}

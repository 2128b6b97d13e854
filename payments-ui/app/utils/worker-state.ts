import type { Worker } from '#shared/types/operations'
import type { BadgeColor } from './badge-class'
import type { Clock } from './format-time'
import { formatDuration, formatTime } from './format-time'

/** Older heartbeats are shown in minutes. */
const MAX_SECONDS = 120

const LOOKS: Record<string, { label: string, color: BadgeColor }> = {
  running: { label: 'Running', color: 'success' },
  stopped: { label: 'Stopped', color: 'neutral' },
  lost: { label: 'Lost', color: 'error' },
  replaced: { label: 'Replaced', color: 'neutral' },
}

/** A worker's state in words of the console. One that was lost and that another worker has replaced is missing no longer. */
export function workerState({ state, replacedBy }: Worker): string {
  return state === 'lost' && replacedBy ? 'replaced' : state
}

/** The badge of a worker's state. */
export function workerLook(worker: Worker): { label: string, color: BadgeColor } {
  const state = workerState(worker)
  return Object.hasOwn(LOOKS, state)
    ? LOOKS[state]!
    : { label: state, color: 'neutral' }
}

/** The age of the last heartbeat, in seconds: a worker is lost long before its heartbeat is a minute old. */
export function heartbeatAge({ lastSeenAt }: Worker, clock: Clock): string {
  const seconds = (clock.nowMs - Date.parse(lastSeenAt)) / 1_000
  return seconds < MAX_SECONDS
    ? `${Math.max(0, Math.round(seconds))} s ago`
    : formatTime(lastSeenAt, clock)
}

/** What a worker's state means, and what to do about it. Empty for a state that the console does not know. */
export function explainWorker(worker: Worker, clock: Clock): string {
  switch (workerState(worker)) {
    case 'running':
      return `It sends heartbeats, the last one ${heartbeatAge(worker, clock)}, and settles payments.`
    case 'stopped':
      return `It finished what it had claimed and stopped cleanly ${formatTime(worker.stoppedAt ?? worker.lastSeenAt, clock)}, after it had run for ${ranFor(worker)}.`
    case 'replaced':
      return `Its last heartbeat came ${heartbeatAge(worker, clock)}, and it did not report a stop. ${worker.replacedBy} has started since and took over. What it had claimed went back to the queue.`
    case 'lost':
      return `Its last heartbeat came ${heartbeatAge(worker, clock)}, and it did not report a stop: it was killed, its machine is gone, or it cannot reach the database. What it had claimed goes back to the queue, so no payment is lost, but no other worker has started to take its place.`
    default:
      return ''
  }
}

function ranFor({ startedAt, stoppedAt, lastSeenAt }: Worker): string {
  return formatDuration((Date.parse(stoppedAt ?? lastSeenAt) - Date.parse(startedAt)) / 1_000)
}

/** The workers that should be there: those that run, and those that are lost and were not replaced. */
export function expectedWorkers(workers: readonly Worker[]): Worker[] {
  return workers.filter(worker => !['stopped', 'replaced'].includes(workerState(worker)))
}

/** A worker's page. Its id may contain any character. */
export function workerPath(id: string): string {
  return `/operations/workers/${encodeURIComponent(id)}`
}

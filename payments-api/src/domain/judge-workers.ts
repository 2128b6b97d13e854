/** A worker that has not stopped cleanly is lost after this long: a little over two heartbeats. */
const LOST_AFTER_SECONDS = 15

interface Seen {
  id: string
  /** ISO 8601. */
  started_at: string
  last_seen_at: string
  stopped_at: string | null
  /** By the database's clock. */
  seconds_since_seen: number
}

export interface WorkerVerdict {
  state: 'running' | 'stopped' | 'lost'
  /** The worker that took over from a lost one; null if none did, so that one worker is missing. */
  replacedBy: string | null
}

/**
 * Judges each worker by its heartbeats. A lost worker is replaced once another one has started since its last heartbeat and runs:
 * an upgrade of containers or a crashed host leaves rows whose ids never return. Each running worker replaces at most one.
 */
export function judgeWorkers<Worker extends Seen>(workers: readonly Worker[]): (Worker & WorkerVerdict)[] {
  const stateOf = ({ stopped_at, seconds_since_seen }: Seen): WorkerVerdict['state'] =>
    stopped_at !== null ? 'stopped' : seconds_since_seen > LOST_AFTER_SECONDS ? 'lost' : 'running'
  const inState = (state: WorkerVerdict['state']): Worker[] => workers.filter(worker => stateOf(worker) === state)
  const runningNewestFirst = inState('running').toSorted((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at))
  const replacedBy = new Map<string, string>()
  // The last worker lost has the fewest that started later, so it chooses first.
  for (const lost of inState('lost').toSorted((a, b) => Date.parse(b.last_seen_at) - Date.parse(a.last_seen_at))) {
    if (runningNewestFirst[0] && Date.parse(runningNewestFirst[0].started_at) >= Date.parse(lost.last_seen_at))
      replacedBy.set(lost.id, runningNewestFirst.shift()!.id)
  }
  return workers.map(worker => ({ ...worker, state: stateOf(worker), replacedBy: replacedBy.get(worker.id) ?? null }))
}

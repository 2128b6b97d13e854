import type { Problem } from './problem.ts'

/** One of the requests of a race. Times are in milliseconds since the first was sent. */
export interface RaceLane {
  startedMs: number
  endedMs: number
  /** The status of the API's response. */
  status: number
  /** The response says that it repeats an earlier one. */
  replayed: boolean
  /** The body as the API sent it; null if the request was refused. */
  text: string | null
  problem: Problem | null
}

/** What POST /api/race returns: one lane for each request, in the order of sending. */
export interface Race {
  lanes: RaceLane[]
}

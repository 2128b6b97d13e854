import type { RaceLane } from '#shared/types/race'

export interface RaceResult {
  created: number
  replayed: number
  refused: number
  /** Whether every response has the bytes of the first one that created a payment. */
  identical: boolean
  /** The size of a response. */
  bytes: number
  /** From the first request sent to the last response. */
  tookMs: number
}

/** Counts what a race's responses say. */
export function raceResult(lanes: readonly RaceLane[]): RaceResult {
  const accepted = lanes.filter(lane => lane.text !== null)
  const first = accepted.find(lane => !lane.replayed) ?? accepted[0]
  return {
    created: accepted.filter(lane => !lane.replayed).length,
    replayed: accepted.filter(lane => lane.replayed).length,
    refused: lanes.length - accepted.length,
    identical: first !== undefined && accepted.every(lane => lane.text === first.text),
    bytes: new TextEncoder().encode(first?.text ?? '').length,
    tookMs: Math.max(0, ...lanes.map(lane => lane.endedMs)),
  }
}

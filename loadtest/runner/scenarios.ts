/** A scenario's settings and their defaults. */
export interface Takes {
  VUS?: number
  /** Seconds. */
  DURATION?: number
  /** Payments a second. */
  RATE?: number
}

export interface Scenario {
  name: string
  takes: Takes
  /** It scales the workers itself: WORKERS means nothing to it. */
  scalesWorkers?: true
  /** Connections that each virtual user may hold; by default one to each API process. */
  filesAVu?: number
  /** Left out of a run of all. */
  byHand?: true
}

/** Each has a file in k6/scenarios/. Scenarios run in this order. Default durations keep a full run under three minutes. */
export const scenarios: Scenario[] = [
  { name: 'smoke', takes: {} },
  { name: 'concurrent-workers', takes: { VUS: 40, DURATION: 20 }, scalesWorkers: true },
  { name: 'idempotency-race', takes: { VUS: 50, DURATION: 10 } },
  { name: 'steady', takes: { VUS: 100, DURATION: 20, RATE: 200 } },
  { name: 'ramp', takes: { VUS: 160, DURATION: 20, RATE: 3_000 }, filesAVu: 50 },
  { name: 'mixed-read', takes: { VUS: 10, DURATION: 15, RATE: 50 } },
  { name: 'soak', takes: { VUS: 100, DURATION: 1_800, RATE: 100 }, byHand: true },
]

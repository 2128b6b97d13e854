/** A scenario's settings; here with their defaults. */
export interface ScenarioSettings {
  /** k6's virtual users. */
  VUS?: number
  /** Seconds. */
  DURATION?: number
  /** Payments per second. */
  RATE?: number
}

export interface Scenario {
  name: string
  defaults: ScenarioSettings
  /** It scales the workers, so WORKERS has no effect. */
  scalesWorkers?: true
  /** Connections that each virtual user may open; by default one per API process. */
  filesPerVu?: number
  /** Runs only when SCENARIO names it. */
  manualOnly?: true
}

/** Each has a file in k6/scenarios/. Scenarios run in this order. Default durations keep a full run under three minutes. */
export const scenarios: Scenario[] = [
  { name: 'smoke', defaults: {} },
  { name: 'concurrent-workers', defaults: { VUS: 40, DURATION: 20 }, scalesWorkers: true },
  { name: 'idempotency-race', defaults: { VUS: 50, DURATION: 10 } },
  { name: 'refund-race', defaults: { VUS: 50, DURATION: 10 } },
  { name: 'steady', defaults: { VUS: 100, DURATION: 20, RATE: 200 } },
  { name: 'ramp', defaults: { VUS: 160, DURATION: 20, RATE: 3_000 }, filesPerVu: 50 },
  { name: 'mixed-read', defaults: { VUS: 10, DURATION: 15, RATE: 50 } },
  { name: 'soak', defaults: { VUS: 100, DURATION: 1_800, RATE: 100 }, manualOnly: true },
]

// What the harness tells a scenario: see runner/run-scenario.ts, which sets each.
function told(name: string): string {
  const value = __ENV[name]
  if (value === undefined)
    throw new Error(`${name} is missing: run the scenarios by make load`)
  return value
}

/** Begins every idempotency key, account and description of this run: what is the run's own, and all that it touches. */
export const run = told('RUN')
/** The base URL of each API process, or of the proxy before them. */
export const apis = told('API_URLS').split(',')
/** Where the harness answers, for what k6 cannot do: scale workers, listen to events, look into the database. */
export const harnessUrl = told('HARNESS_URL')

/** A number of this scenario's own settings: VUS, DURATION_S (seconds) or RATE (per second). */
export function setting(name: 'VUS' | 'DURATION_S' | 'RATE'): number {
  return Number(told(name))
}

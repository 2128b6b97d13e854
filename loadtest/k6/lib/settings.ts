// The settings of a scenario. runner/run-k6.ts passes each to k6.
function required(name: string): string {
  const value = __ENV[name]
  if (value === undefined)
    throw new Error(`${name} is missing: run the scenarios with make load`)
  return value
}

/** The prefix of every idempotency key and account of this run, and the description of its payments. */
export const runId = required('RUN_ID')
/** The base URL of each API process, or of the proxy in front of them. */
export const apis = required('API_URLS').split(',')
/** The harness does what k6 cannot: scale workers, follow events, query the database. */
export const harnessUrl = required('HARNESS_URL')

/** A number that configures the scenario: VUS, DURATION_S (seconds) or RATE (payments per second). */
export function setting(name: 'VUS' | 'DURATION_S' | 'RATE'): number {
  return Number(required(name))
}

import http from 'k6/http'
import { Gauge, Rate } from 'k6/metrics'
import { harnessUrl } from './settings.ts'

/** Longer than the longest audit. */
const TIMEOUT = '10m'

const auditPassed = new Rate('audit_passed')
/** What only the harness can measure. As k6 metrics, scenarios can set thresholds on them. */
const figures = {
  settle_p95_ms: new Gauge('settle_p95_ms'),
  settle_p99_ms: new Gauge('settle_p99_ms'),
  event_p95_ms: new Gauge('event_p95_ms'),
  memory_growth_percent: new Gauge('memory_growth_percent'),
  size_growth_ratio: new Gauge('size_growth_ratio'),
}

function call<T>(operation: string, body: object = {}): T {
  const response = http.post(`${harnessUrl}/${operation}`, JSON.stringify(body), { timeout: TIMEOUT, tags: { name: `harness: ${operation}` } })
  if (response.status !== 200)
    throw new Error(`the harness failed at ${operation}: ${response.error || String(response.body)}`)
  return response.json() as T
}

/** Scales to `workers`, lets a backlog grow, and measures how fast they drain it. */
export function measureDrain(workers: number): void {
  call('measure-drain', { workers })
}

/** Opens event streams (GET /events). k6 cannot read them: it waits for the end of a response. */
export function followEvents(streams: number): void {
  call('follow-events', { streams })
}

/**
 * Injects faults at the same time for `maxMs`, or with `untilApiRefuses` until the first API process refuses a payment.
 * Returns once all are stopped.
 */
export function injectFaults(faults: string[], hold: { maxMs: number, untilApiRefuses?: boolean }): void {
  call('inject-faults', { faults, ...hold })
}

/** Starts sampling the memory of each part and the size of each table, until the audit. */
export function sampleGrowth(): void {
  call('sample-growth')
}

/** Runs the audit after the last request. Its verdict becomes a metric, so that a threshold can fail the run. */
export function teardown(): void {
  const audit = call<{ passed: boolean, figures: Partial<Record<keyof typeof figures, number>> }>('audit')
  auditPassed.add(audit.passed)
  for (const [name, gauge] of Object.entries(figures)) {
    const value = audit.figures[name as keyof typeof figures]
    if (value !== undefined)
      gauge.add(value)
  }
}

/** Writes k6's metrics to a file: the harness prints one summary of all scenarios. */
export function handleSummary(data: object): Record<string, string> {
  return { [__ENV.SUMMARY_FILE!]: JSON.stringify(data) }
}

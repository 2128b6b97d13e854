import http from 'k6/http'
import { Gauge, Rate } from 'k6/metrics'
import { harnessUrl } from './settings.ts'

/** Longer than the auditor ever waits. */
const TIMEOUT = '10m'

const auditPassed = new Rate('audit_passed')
/** What only the harness can measure, so that it can be a threshold. */
const figures = {
  settle_p95_ms: new Gauge('settle_p95_ms'),
  settle_p99_ms: new Gauge('settle_p99_ms'),
  event_p95_ms: new Gauge('event_p95_ms'),
  memory_growth_percent: new Gauge('memory_growth_percent'),
  size_growth_ratio: new Gauge('size_growth_ratio'),
}

function ask<T>(verb: string, body: object = {}): T {
  const response = http.post(`${harnessUrl}/${verb}`, JSON.stringify(body), { timeout: TIMEOUT, tags: { name: `harness: ${verb}` } })
  if (response.status !== 200)
    throw new Error(`the harness could not ${verb}: ${response.error || String(response.body)}`)
  return response.json() as T
}

/** Makes so many workers run, lets a backlog grow before them, and measures how fast they drain it. */
export function drain(workers: number): void {
  ask('drain', { workers })
}

/** Opens event streams (GET /events), which k6 cannot read: it waits for the end of an answer. */
export function listen(streams: number): void {
  ask('listen', { streams })
}

/** Makes the database stand still until the first API refuses payments, for some seconds at most. */
export function stall(): void {
  ask('stall')
}

/** Watches the memory of the parts and the size of the tables from now on. */
export function watch(): void {
  ask('watch')
}

/** After the last request: the auditor's verdict becomes a metric, and so a threshold, of the run. */
export function teardown(): void {
  const audit = ask<{ passed: boolean, figures: Partial<Record<keyof typeof figures, number>> }>('audit')
  auditPassed.add(audit.passed)
  for (const [name, gauge] of Object.entries(figures)) {
    const value = audit.figures[name as keyof typeof figures]
    if (value !== undefined)
      gauge.add(value)
  }
}

/** k6's figures go to the harness, which prints one summary over all scenarios. */
export function handleSummary(data: object): Record<string, string> {
  return { [__ENV.SUMMARY_FILE!]: JSON.stringify(data) }
}

import type { Metric } from './run-k6.ts'
import type { ScenarioOutcome } from './run-scenario.ts'
import { duration } from '../../compose/src/verb.ts'

const MAX_FAILURE_LINES = 12

/** One line for the scenario, and indented below it what only this scenario measures, or why it failed. */
export function describeOutcome(outcome: ScenarioOutcome): string {
  const { run: { scenario: { name } }, passed, tookMs, failures } = outcome
  const head = `${name.padEnd(19)} ${passed ? 'ok    ' : 'FAILED'} ${duration(tookMs).padStart(7)}  ${commonFigures(outcome).join(', ')}`
  const details = [
    ...scenarioFigures(outcome),
    ...failures.slice(0, MAX_FAILURE_LINES),
    ...failures.length > MAX_FAILURE_LINES ? [`and ${failures.length - MAX_FAILURE_LINES} more`] : [],
  ]
  return [head, ...details.map(line => `  | ${line}`)].join('\n')
}

/** The figures that every scenario has, without those that are zero or missing. */
export function commonFigures({ metrics, audit }: ScenarioOutcome): string[] {
  const { replayed = 0, refused = 0, 'idempotency-key-reused': reused = 0, 'payment-not-refundable': notRefundable = 0, 'refund-exceeds-payment': tooMuch = 0 } = audit?.responses ?? {}
  return [
    audit && `${(audit.acknowledged).toLocaleString('en')} payments`,
    replayed > 0 && `${replayed.toLocaleString('en')} replays`,
    reused > 0 && `${reused.toLocaleString('en')} refused as reused keys`,
    notRefundable + tooMuch > 0 && `${(notRefundable + tooMuch).toLocaleString('en')} refused as more than is left`,
    refused > 0 && `${refused.toLocaleString('en')} refused with 503`,
    percentiles('accept', metrics.accept_time),
    percentiles('refuse', metrics.refuse_time),
    audit?.figures.settle_p95_ms !== undefined && `settled p95 ${ms(audit.figures.settle_p95_ms)} p99 ${ms(audit.figures.settle_p99_ms!)}`,
    audit?.figures.event_p95_ms !== undefined && `event p95 ${ms(audit.figures.event_p95_ms)}`,
  ].filter(figure => typeof figure === 'string')
}

/** Lines that only some scenarios have: drains, p95 per read, growth. */
export function scenarioFigures({ drains, audit, metrics }: ScenarioOutcome): string[] {
  const byName = Object.entries(metrics).map(([name, { values }]) => [/^http_req_duration\{name:(.+)\}$/.exec(name)?.[1], values] as const).filter(([name]) => name)
  return [
    ...drains.map(({ workers, jobs, jobsPerSecond }) => `${workers} worker${workers === 1 ? '' : 's'} drained a backlog of ${jobs.toLocaleString('en')} payments at ${Math.round(jobsPerSecond).toLocaleString('en')}/s`),
    ...byName.length > 0 ? [`p95 ${byName.map(([name, values]) => `${name} ${ms(values['p(95)']!)}`).join(', ')}`] : [],
    ...audit?.growth?.lines ?? [],
  ]
}

function percentiles(what: string, trend: Metric | undefined): string | false {
  return trend?.values['p(95)'] !== undefined && trend.values.max! > 0 && `${what} p95 ${ms(trend.values['p(95)'])} p99 ${ms(trend.values['p(99)']!)}`
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}

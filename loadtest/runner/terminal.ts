import type { Metric, Outcome } from './run-scenario.ts'
import { duration } from '../../compose/src/verb.ts'

const LINES_SHOWN = 12

/** One scenario's line, and below it what it measured beside, or why it failed. */
export function describe(outcome: Outcome): string {
  const { chosen: { scenario: { name } }, passed, tookMs, broken } = outcome
  const head = `${name.padEnd(19)} ${passed ? 'ok    ' : 'FAILED'} ${duration(tookMs).padStart(7)}  ${figures(outcome).join(', ')}`
  const details = [
    ...remarks(outcome),
    ...broken.slice(0, LINES_SHOWN),
    ...broken.length > LINES_SHOWN ? [`and ${broken.length - LINES_SHOWN} more`] : [],
  ]
  return [head, ...details.map(line => `  | ${line}`)].join('\n')
}

/** What every scenario measures, as far as it has it. */
export function figures({ metrics, audit }: Outcome): string[] {
  const { replayed = 0, refused = 0, 'other-payment': other = 0 } = audit?.answers ?? {}
  return [
    audit && `${(audit.acknowledged).toLocaleString('en')} payments`,
    replayed > 0 && `${replayed.toLocaleString('en')} replays`,
    other > 0 && `${other.toLocaleString('en')} refused as another payment`,
    refused > 0 && `${refused.toLocaleString('en')} told to come back later`,
    percentiles('accept', metrics.accept_time),
    percentiles('refuse', metrics.refuse_time),
    audit?.figures.settle_p95_ms !== undefined && `settled p95 ${ms(audit.figures.settle_p95_ms)} p99 ${ms(audit.figures.settle_p99_ms!)}`,
    audit?.figures.event_p95_ms !== undefined && `event p95 ${ms(audit.figures.event_p95_ms)}`,
  ].filter(figure => typeof figure === 'string')
}

/** What one scenario measures beside. */
export function remarks({ drained, audit, metrics }: Outcome): string[] {
  const byName = Object.entries(metrics).map(([name, { values }]) => [/^http_req_duration\{name:(.+)\}$/.exec(name)?.[1], values] as const).filter(([name]) => name)
  return [
    ...drained.map(({ workers, jobs, perSecond }) => `${workers} worker${workers === 1 ? '' : 's'} drained ${jobs.toLocaleString('en')} waiting payments at ${Math.round(perSecond).toLocaleString('en')}/s`),
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

import type { Audit, Evidence } from '../auditor/audit.ts'
import type { K6 } from './find-k6.ts'
import type { ScenarioRun } from './load-settings.ts'
import type { Drain } from './measure-drain.ts'
import type { Metric } from './run-k6.ts'
import type { System } from './with-system.ts'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Refusal } from '../../compose/src/refusal.ts'
import { audit } from '../auditor/audit.ts'
import { followEvents } from '../auditor/follow-events.ts'
import { sampleGrowth } from '../auditor/sample-growth.ts'
import { faults } from '../faults/faults.ts'
import { injectFaults } from '../faults/inject-faults.ts'
import { serveHarness } from './harness-server.ts'
import { measureDrain } from './measure-drain.ts'
import { runK6 } from './run-k6.ts'
import { showProgress } from './show-progress.ts'
import { watchRefusals } from './watch-refusals.ts'

/** How long a run may take beyond its duration: scaling, draining, the audit. */
const SLACK_MS = 900_000

export interface ScenarioOutcome {
  run: ScenarioRun
  passed: boolean
  tookMs: number
  /** Why it failed, one line each. */
  failures: string[]
  metrics: Record<string, Metric>
  drains: Drain[]
  audit?: Audit
  /** k6's own report, an HTML page. */
  dashboard?: string
}

/** Runs one scenario with k6, including its audit. The signal stops the run early; what was sent until then is still audited. */
export async function runScenario(system: System, k6: K6, run: ScenarioRun, signal: AbortSignal): Promise<ScenarioOutcome> {
  const { stack, database, apis } = system
  const { scenario: { name }, settings: { VUS, DURATION, RATE } } = run
  const durationS = DURATION ?? 0
  const folder = mkdtempSync(join(tmpdir(), 'payments-load-'))
  const evidence: Evidence = { runId: `load-${randomBytes(5).toString('hex')}`, journalFile: join(folder, 'journal'), signal }
  const drains: Drain[] = []
  let verdict: Audit | undefined
  const harness = await serveHarness({
    'measure-drain': async ({ workers }) => {
      drains.push(await measureDrain(system, Number(workers)))
      return {}
    },
    'follow-events': async ({ streams }) => {
      evidence.eventStreams = await followEvents(apis, Number(streams))
      return {}
    },
    'sample-growth': async () => {
      evidence.growthSampling = await sampleGrowth(stack, database, durationS * 1_000)
      return {}
    },
    'inject-faults': async ({ faults: names, maxMs, untilApiRefuses }) => {
      const until = untilApiRefuses ? await watchRefusals(apis[0]!) : undefined
      await injectFaults((names as string[]).map(findFault), system, { maxMs: Number(maxMs), until })
      return {}
    },
    'audit': async () => verdict = await audit(stack, evidence),
  })
  const startedAt = Date.now()
  const progress = showProgress(name, evidence.journalFile, database, DURATION)
  try {
    const env = { RUN_ID: evidence.runId, API_URLS: apis.join(), HARNESS_URL: harness.url, VUS, DURATION_S: DURATION, RATE }
    const { metrics, thresholdsCrossed, abnormalEnd, errors, dashboard } = await runK6(k6, { scenario: name, folder, journalFile: evidence.journalFile, env, durationS, timeoutMs: durationS * 1_000 + SLACK_MS, signal })
    const failures = [
      ...signal.aborted ? ['the run was interrupted'] : [],
      ...abnormalEnd ? [abnormalEnd] : [],
      ...crossedThresholds(metrics), // before the findings: the terminal shows only the first lines
      ...verdict?.findings ?? ['the audit did not run'],
      ...errors,
    ]
    return { run, passed: !thresholdsCrossed && failures.length === 0, tookMs: Date.now() - startedAt, failures, metrics, drains, audit: verdict, dashboard }
  }
  finally {
    progress.end()
    harness.close()
    evidence.eventStreams?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function findFault(name: string) {
  const fault = faults.find(fault => fault.name === name)
  if (!fault)
    throw new Refusal(`Unknown fault ${name}. loadtest/faults/faults.ts lists: ${faults.map(({ name }) => name).join(', ')}.`)
  return fault
}

function crossedThresholds(metrics: Record<string, Metric>): string[] {
  return Object.entries(metrics).flatMap(([name, { values, thresholds = {} }]) => Object.entries(thresholds)
    .filter(([, { ok }]) => !ok)
    .map(([condition]) => {
      const measured = values[/^[\w()]+/.exec(condition)![0]]
      return `threshold crossed: ${name} ${condition}${measured === undefined ? '' : `, measured ${Number(measured.toFixed(3))}`}`
    }))
}

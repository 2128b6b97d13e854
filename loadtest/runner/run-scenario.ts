import type { Audit, Evidence } from '../auditor/audit.ts'
import type { Drained } from '../auditor/drain.ts'
import type { K6 } from './find-k6.ts'
import type { Chosen } from './settings.ts'
import type { System } from './system.ts'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../../compose/src/config.ts'
import { audit } from '../auditor/audit.ts'
import { drain } from '../auditor/drain.ts'
import { listen } from '../auditor/follow-events.ts'
import { watch } from '../auditor/watch.ts'
import { stall } from '../faults/stall.ts'
import { serveHarness } from './harness-server.ts'
import { showProgress } from './progress.ts'

/** What a run may take beyond its duration: scaling, draining, the audit. */
const SLACK_MS = 900_000
/** k6's exit code where a threshold was crossed. */
const THRESHOLDS_CROSSED = 99
/** The first lines of what k6 logged as errors, an exception of a script for instance: each makes a run fail. */
const ERROR_LINES = 10

/** One of k6's metrics, as its handleSummary gives it. */
export interface Metric {
  type: 'counter' | 'gauge' | 'rate' | 'trend'
  values: Record<string, number>
  thresholds?: Record<string, { ok: boolean }>
}

export interface Outcome {
  chosen: Chosen
  passed: boolean
  tookMs: number
  /** Why it did not pass, a line each. */
  broken: string[]
  metrics: Record<string, Metric>
  drained: Drained[]
  audit?: Audit
  /** k6's own report, a page of HTML. */
  dashboard?: string
}

/** Runs one scenario with k6, its audit among it. The signal stops it; what has been sent by then is audited still. */
export async function runScenario(system: System, k6: K6, chosen: Chosen, signal: AbortSignal): Promise<Outcome> {
  const { stack, database, apis } = system
  const { scenario: { name }, takes } = chosen
  const folder = mkdtempSync(join(tmpdir(), 'payments-load-'))
  const files = { account: join(folder, 'account'), errors: join(folder, 'errors'), stderr: join(folder, 'stderr'), summary: join(folder, 'summary.json'), dashboard: join(folder, 'dashboard.html') }
  const evidence: Evidence = { run: `load-${randomBytes(5).toString('hex')}`, accountFile: files.account, drained: [], signal }
  let verdict: Audit | undefined
  const harness = await serveHarness({
    drain: async ({ workers }) => {
      evidence.drained.push(await drain(stack, database, Number(workers)))
      return {}
    },
    listen: async ({ streams }) => {
      evidence.listening = await listen(apis, Number(streams))
      return {}
    },
    watch: async () => {
      evidence.watching = await watch(stack, database, (takes.DURATION ?? 0) * 1_000)
      return {}
    },
    stall: async () => {
      await stall(stack, apis[0]!)
      return {}
    },
    audit: async () => verdict = await audit(stack, evidence),
  })
  const begin = Date.now()
  const progress = showProgress(name, files.account, database, takes.DURATION)
  try {
    const told = { RUN: evidence.run, API_URLS: apis.join(), HARNESS_URL: harness.url, SUMMARY_FILE: files.summary, VUS: takes.VUS, DURATION_S: takes.DURATION, RATE: takes.RATE }
    const exitCode = await runK6(k6.command(folder), [
      '--quiet',
      '--no-usage-report',
      '--include-system-env-vars=false',
      '--summary-trend-stats=med,p(95),p(99),max',
      `--console-output=${files.account}`,
      '--log-format=raw',
      `--log-output=file=${files.errors},level=error`,
      `--out=web-dashboard=export=${files.dashboard}&port=-1&period=${(takes.DURATION ?? 0) > 120 ? 10 : 1}s`,
      ...Object.entries(told).filter(([, value]) => value !== undefined).map(([key, value]) => `--env=${key}=${value}`),
      join(repoRoot, 'loadtest/k6/scenarios', `${name}.ts`),
    ], files.stderr, (takes.DURATION ?? 0) * 1_000 + SLACK_MS, signal)
    const metrics = existsSync(files.summary) ? (JSON.parse(readFileSync(files.summary, 'utf8')) as { metrics: Record<string, Metric> }).metrics : {}
    const broken = [
      ...signal.aborted ? ['it was interrupted'] : [],
      ...exitCode === 0 || exitCode === THRESHOLDS_CROSSED ? [] : [`k6 ended with ${exitCode}`],
      ...brokenThresholds(metrics), // first: only so many lines are shown
      ...verdict?.findings ?? ['no audit took place'],
      ...linesOf(files.errors).filter(line => !line.startsWith('thresholds on metrics')), // they are named above
      ...exitCode === 0 || exitCode === THRESHOLDS_CROSSED ? [] : linesOf(files.stderr),
    ]
    return {
      chosen,
      passed: exitCode === 0 && broken.length === 0,
      tookMs: Date.now() - begin,
      broken,
      metrics,
      drained: evidence.drained,
      audit: verdict,
      dashboard: existsSync(files.dashboard) ? readFileSync(files.dashboard, 'utf8') : undefined,
    }
  }
  finally {
    progress.end()
    harness.close()
    evidence.listening?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs k6 to its end and answers its exit code, or the signal that ended it. SIGINT makes it stop, and audit. */
async function runK6([file, ...command]: [string, ...string[]], args: string[], stderrFile: string, timeout: number, signal: AbortSignal): Promise<number | string> {
  // k6 has settings of its own in its environment, which would overrule the scenario's.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('K6_')))
  const stderr = openSync(stderrFile, 'w')
  // Not of this terminal's group: a Ctrl-C would reach it twice, and the second one makes it stop without an audit.
  const child = spawn(file, [...command, 'run', ...args], { stdio: ['ignore', 'ignore', stderr], env, timeout, killSignal: 'SIGKILL', detached: true })
  closeSync(stderr)
  const stop = () => child.kill('SIGINT')
  signal.addEventListener('abort', stop)
  try {
    const [code, endedBy] = await once(child, 'exit') as [number | null, NodeJS.Signals | null]
    return code ?? endedBy!
  }
  finally {
    signal.removeEventListener('abort', stop)
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(0, ERROR_LINES) : []
}

function brokenThresholds(metrics: Record<string, Metric>): string[] {
  return Object.entries(metrics).flatMap(([name, { values, thresholds = {} }]) => Object.entries(thresholds)
    .filter(([, { ok }]) => !ok)
    .map(([condition]) => {
      const measure = /^[\w()]+/.exec(condition)![0]
      return `threshold crossed: ${name} ${condition}${values[measure] === undefined ? '' : `, and it is ${Number(values[measure].toFixed(3))}`}`
    }))
}

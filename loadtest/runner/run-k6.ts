import type { K6 } from './find-k6.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../../compose/src/config.ts'
import { endProcess, identify } from '../../compose/src/machine/processes.ts'

/** k6's exit code when a threshold is crossed. */
const THRESHOLDS_CROSSED = 99
/** How many lines of k6's error log to show. */
const MAX_ERROR_LINES = 10
/** Above this the dashboard shows 10 s per point, below 1 s. */
const LONG_RUN_S = 120
/** After SIGINT, k6 finishes the requests in flight, settles what it accepted and audits. */
const STOP_TIMEOUT_MS = 120_000

/** One of k6's metrics, as handleSummary receives it. */
export interface Metric {
  type: 'counter' | 'gauge' | 'rate' | 'trend'
  values: Record<string, number>
  thresholds?: Record<string, { ok: boolean }>
}

interface K6Result {
  metrics: Record<string, Metric>
  thresholdsCrossed: boolean
  /** Set if k6 crashed or was killed: its exit code or signal, in a sentence. */
  abnormalEnd?: string
  /** The first lines that k6 logged as errors, such as an exception in a script. Each fails the run. */
  errors: string[]
  /** k6's own report, an HTML page. */
  dashboard?: string
}

interface K6Options {
  scenario: string
  /** Temporary; k6 may write into it. */
  folder: string
  journalFile: string
  /** What k6/lib/settings.ts reads. */
  env: Record<string, string | number | undefined>
  durationS: number
  timeoutMs: number
  signal: AbortSignal
}

/** Runs a scenario with k6 until it ends. */
export async function runK6(k6: K6, { scenario, folder, journalFile, env, durationS, timeoutMs, signal }: K6Options): Promise<K6Result> {
  const files = { errors: join(folder, 'errors'), stderr: join(folder, 'stderr'), summary: join(folder, 'summary.json'), dashboard: join(folder, 'dashboard.html') }
  const exitCode = await spawnK6(k6.command(folder), [
    '--quiet',
    '--no-usage-report',
    '--include-system-env-vars=false',
    '--summary-trend-stats=med,p(95),p(99),max',
    `--console-output=${journalFile}`,
    '--log-format=raw',
    `--log-output=file=${files.errors},level=error`,
    `--out=web-dashboard=export=${files.dashboard}&port=-1&period=${durationS > LONG_RUN_S ? 10 : 1}s`,
    ...Object.entries({ ...env, SUMMARY_FILE: files.summary }).filter(([, value]) => value !== undefined).map(([key, value]) => `--env=${key}=${value}`),
    join(repoRoot, 'loadtest/k6/scenarios', `${scenario}.ts`),
  ], files.stderr, timeoutMs, signal)
  const ended = exitCode === 0 || exitCode === THRESHOLDS_CROSSED
  return {
    metrics: existsSync(files.summary) ? (JSON.parse(readFileSync(files.summary, 'utf8')) as { metrics: Record<string, Metric> }).metrics : {},
    thresholdsCrossed: exitCode === THRESHOLDS_CROSSED,
    abnormalEnd: ended ? undefined : `k6 ended with ${exitCode}`,
    errors: [
      ...firstLines(files.errors).filter(line => !line.startsWith('thresholds on metrics')), // the metrics name them
      ...ended ? [] : firstLines(files.stderr),
    ],
    dashboard: existsSync(files.dashboard) ? readFileSync(files.dashboard, 'utf8') : undefined,
  }
}

/** Returns k6's exit code, or the signal that ended it. An abort sends SIGINT, after which k6 stops and still audits, or is killed. */
async function spawnK6([file, ...command]: [string, ...string[]], args: string[], stderrFile: string, timeout: number, signal: AbortSignal): Promise<number | string> {
  // K6_* variables would override the scenario's settings.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('K6_')))
  const stderr = openSync(stderrFile, 'w')
  // Detached from the terminal's process group: Ctrl-C would reach k6 twice, and the second SIGINT skips the audit.
  const child = spawn(file, [...command, 'run', ...args], { stdio: ['ignore', 'ignore', stderr], env, timeout, killSignal: 'SIGKILL', detached: true })
  closeSync(stderr)
  const identity = identify(child.pid!)
  const stop = () => void (identity && endProcess(identity, 'SIGINT', STOP_TIMEOUT_MS))
  signal.addEventListener('abort', stop)
  try {
    const [code, endedBy] = await once(child, 'exit') as [number | null, NodeJS.Signals | null]
    return code ?? endedBy!
  }
  finally {
    signal.removeEventListener('abort', stop)
  }
}

function firstLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(0, MAX_ERROR_LINES) : []
}

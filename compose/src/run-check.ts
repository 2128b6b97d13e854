import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters, styleText } from 'node:util'
import { repoRoot } from './config.ts'
import { endProcess, identify } from './machine/processes.ts'
import { duration } from './verb.ts'

const TIMEOUT_MS = 15 * 60_000
const DRY_RUN_TIMEOUT_MS = 60_000

export interface Check {
  name: string
  /** Relative to the root of the repository. */
  folder: string
  command: string[]
  /** Whether to count one check, or the tests that mocha or vitest reports. */
  counts: 'one' | 'tests'
}

export interface Counts { passed: number, failed: number, skipped: number }
export interface Verdict extends Counts { name: string }

/** Runs a check for at most 15 minutes. Prints a result line, and what failed. */
export async function runCheck({ name, folder, command: [program, ...args], counts }: Check, logFile: string): Promise<Verdict> {
  const begin = Date.now()
  const log = openSync(logFile, 'w')
  const child = spawn(program!, args, { cwd: join(repoRoot, folder), stdio: ['ignore', log, log] })
  closeSync(log)
  const identity = identify(child.pid!)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    if (identity)
      void endProcess(identity, 'SIGTERM', 10_000)
  }, TIMEOUT_MS)
  const [code, signal] = await once(child, 'exit') as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)

  const output = stripVTControlCharacters(readFileSync(logFile, 'utf8'))
  const { passed, failed, skipped } = counts === 'tests' ? countTests(output) : { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 }
  const problem = timedOut ? `stopped after ${duration(TIMEOUT_MS)}` : signal ? `killed by ${signal}` : code !== 0 ? `exit code ${code}` : passed + failed === 0 ? 'no test ran' : null
  const verdict = { name, passed, failed: problem ? Math.max(1, failed) : failed, skipped }

  const word = verdict.failed > 0 ? styleText('red', 'FAILED') : styleText('green', 'ok    ')
  const details = [problem, counts === 'tests' && summary(verdict)].filter(Boolean).join('; ')
  console.log(`${word}  ${name.padEnd(20)} ${duration(Date.now() - begin).padStart(7)}  ${details}`.trimEnd())
  if (verdict.failed > 0)
    console.log(failureReport(output).replaceAll(/^/gm, '  | '))
  return verdict
}

/** Reports a check that cannot run on this machine, with the reason and the number of mocha tests skipped. */
export function skipCheck({ name, folder, command }: Check, why: string): Verdict {
  const [program, ...args] = [...command, '--', '--dry-run']
  const skipped = countTests(spawnSync(program!, args, { cwd: join(repoRoot, folder), encoding: 'utf8', timeout: DRY_RUN_TIMEOUT_MS, killSignal: 'SIGKILL' }).stdout).passed
  console.log(`skip    ${name.padEnd(20)} ${' '.repeat(7)}  ${skipped} skipped: ${why}`)
  return { name, passed: 0, failed: 0, skipped }
}

/** Formats `12 passed, 0 failed`, and the number of skipped tests if any. */
export function summary({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * Returns what mocha or vitest printed after the last test: each failed test with its error. A CI log that is cut to some length
 * would lose them among hundreds of passed tests. Returns other output whole.
 */
export function failureReport(output: string): string {
  const start = /^ {2}\d+ passing \(|^⎯+ Failed /m.exec(output)?.index ?? 0
  return output.slice(start).trimEnd()
}

/** Parses the counts of mocha (`3 passing`, `1 failing`, `1 pending`) or vitest (`Tests  1 failed | 3 passed | 1 skipped`). */
export function countTests(output: string): Counts {
  const lines = output.match(/^\s*Tests .*$/gm)?.at(-1) ?? output
  const count = (word: string) => Number(lines.match(new RegExp(`(?:^|[\\s|])(\\d+) (?:${word})\\b`, 'm'))?.[1] ?? 0)
  return { passed: count('passing|passed'), failed: count('failing|failed'), skipped: count('pending|skipped|todo') }
}

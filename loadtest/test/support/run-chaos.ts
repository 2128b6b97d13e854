import type { Outcome } from '../../../compose/test/support/temporary-stack.ts'
import type { RoundResult } from '../../chaos/judge-round.ts'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Longer than the first build of the images. */
export const CHAOS_TIMEOUT_MS = 1_200_000

const loadtest = join(import.meta.dirname, '../..')

const { PATH = '', HOME = '' } = process.env

/** What the console would show of a run. The clone's own file would tell its console of these runs. */
export const consoleReport = join(tmpdir(), `chaos-${process.pid}.json`)

// A root hook.
afterEach(() => rmSync(consoleReport, { force: true }))

/** Starts `make chaos` with these settings and no others. */
export function startChaos(settings: Record<string, string>) {
  return spawn(process.execPath, ['chaos/main.ts'], { cwd: loadtest, env: { PATH, HOME, CHAOS_REPORT: consoleReport, ...settings }, timeout: CHAOS_TIMEOUT_MS })
}

/** Runs `make chaos` with these settings and no others. */
export async function runChaos(settings: Record<string, string>): Promise<Outcome> {
  const child = startChaos(settings)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, stdout, stderr }
}

/** Reads and deletes the report of a run. */
export function takeReport(stdout: string) {
  const file = /Report: (\S+)\.html/.exec(stdout)?.[1]
  assert.ok(file, stdout)
  const [html, json] = [join(loadtest, `${file}.html`), join(loadtest, `${file}.json`)]
  const page = readFileSync(html, 'utf8')
  const report = JSON.parse(readFileSync(json, 'utf8')) as { rounds: RoundResult[], faults: Record<string, unknown>[], findings: string[] }
  rmSync(html)
  rmSync(json)
  return { page, ...report }
}

/** The folder that a red round left. */
export function redFolder(stdout: string): string {
  const folder = /What happened in the red round: (\S+)/.exec(stdout)?.[1]
  assert.ok(folder, stdout)
  return join(loadtest, folder)
}

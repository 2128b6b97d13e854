import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A defect: the first `from` in a file under src is replaced. */
export interface Mutation { defect: string, file: string, from: string, to: string }

const PACKAGE = join(import.meta.dirname, '../../..')
const SCHEDULES = 5_000
const TIMEOUT_MS = 10 * 60_000

/**
 * The text of the mutation's file, with the defect.
 * @throws {AssertionError} when the file has changed so that the mutation no longer applies
 */
export function withDefect({ file, from, to }: Mutation): string {
  const source = readFileSync(join(PACKAGE, 'src', file), 'utf8')
  assert.ok(source.includes(from), `src/${file} does not contain: ${from}`)
  return source.replace(from, () => to)
}

/**
 * Simulates a copy of this package with the defect, and returns how many schedules it took to find it.
 * @throws {AssertionError} when no schedule finds it
 */
export function schedulesToFind(mutation: Mutation): string {
  const copy = mkdtempSync(join(tmpdir(), 'simulation-'))
  try {
    for (const part of ['src', 'test', 'package.json'])
      cpSync(join(PACKAGE, part), join(copy, part), { recursive: true })
    symlinkSync(join(PACKAGE, 'node_modules'), join(copy, 'node_modules'))
    writeFileSync(join(copy, 'src', mutation.file), withDefect(mutation))
    const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', '--config', 'test/simulation/.mocharc.json', '--bail', '--grep', 'whatever fails'], {
      cwd: copy,
      env: { ...process.env, FULL: '', SCHEDULES: String(SCHEDULES), SHRINK: '0' },
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    })
    assert.notEqual(status, 0, `no schedule of ${SCHEDULES} found: ${mutation.defect}`)
    const [, schedules] = /Property failed after (\d+) tests/.exec(stdout) ?? []
    return schedules ?? assert.fail(`the simulation ended with ${status} without naming a schedule: ${stdout}${stderr}`)
  }
  finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

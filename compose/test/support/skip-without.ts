import type { Context } from 'mocha'
import { spawnSync } from 'node:child_process'

/** Skips the test, saying why, on a machine that lacks a program which the system itself does not need. */
export function skipWithout(program: string, test: Context): void {
  if (spawnSync(program, ['--version']).status === 0)
    return
  console.log(`      skipped: ${program} is not installed`)
  test.skip()
}

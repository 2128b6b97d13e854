import type { Context } from 'mocha'
import { spawnSync } from 'node:child_process'

/** Skips the test, and says why, if this program is not installed. The system itself does not need it. */
export function skipWithout(program: string, test: Context): void {
  if (spawnSync(program, ['--version']).status === 0)
    return
  console.log(`      skipped: ${program} is not installed`)
  test.skip()
}

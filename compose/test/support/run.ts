import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'

const TIMEOUT_MS = 540_000
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

export interface Ran { code: number, stdout: string, stderr: string }

/** Runs a program and returns its output and exit code; -1 if a signal ended it. Kills it after 9 minutes. */
export function run(folder: string, env: Record<string, string>, program: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr })
    })
  })
}

/** Runs a program and returns its stdout. Throws with its whole output unless it exits with 0. */
export async function succeed(folder: string, env: Record<string, string>, program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(folder, env, program, ...args)
  assert.equal(code, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { repoRoot } from './config.ts'
import { Refusal } from './refusal.ts'

/** The name of the repository that holds everything except the services. */
export const HARNESS = 'payments-system'

const TIMEOUT_MS = 600_000
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024
const manifest = z.record(z.string().regex(/^[a-z][a-z-]*$/), z.string().regex(/^[\w./-]+$/))

/** The services with separate repositories and their branches, from workspace.json. */
export function services(): { name: string, branch: string }[] {
  const file = join(repoRoot, 'workspace.json')
  try {
    return Object.entries(manifest.parse(JSON.parse(readFileSync(file, 'utf8')))).map(([name, branch]) => ({ name, branch }))
  }
  catch {
    throw new Refusal(`${file} is not valid: it must be an object with a branch for each service, such as {"payments-api": "main"}.`)
  }
}

/** Runs git in the root of the tree, for at most 10 minutes, and returns its stdout. Throws a Refusal with git's error. */
export async function git(...args: string[]): Promise<string> {
  return (await run(args)).trimEnd()
}

/** Runs git with `input` on stdin. */
export function gitWithInput(input: string | Buffer, ...args: string[]): Promise<string> {
  return run(args, input).then(output => output.trimEnd())
}

async function run(args: string[], input: string | Buffer = ''): Promise<string> {
  const running = promisify(execFile)('git', ['-C', repoRoot, ...args], { timeout: TIMEOUT_MS, maxBuffer: MOST_OUTPUT_BYTES })
  running.child.stdin?.on('error', () => {}).end(input)
  try {
    return (await running).stdout
  }
  catch (error) {
    const { code, killed, stderr = '' } = error as { code?: string | number, killed?: boolean, stderr?: string }
    if (code === 'ENOENT')
      throw new Refusal('git is not installed. Install it: https://git-scm.com')
    // Prefer the first error line: ssh gives the reason before git's general error.
    const firstError = stderr.trim().split('\n').filter(line => /^(?:fatal|error|ERROR|ssh:|Host key)|Permission denied/.test(line)).at(0) ?? stderr.trim().split('\n').at(-1)
    throw new Refusal(killed ? `git ${args[0]} did not finish within ${TIMEOUT_MS / 60_000} minutes` : firstError || `git ${args[0]} failed without an error message`)
  }
}

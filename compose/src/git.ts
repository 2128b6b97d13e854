import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { repoRoot } from './config.ts'
import { endOnAbort } from './machine/processes.ts'
import { Refusal } from './refusal.ts'

const TIMEOUT_MS = 600_000
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/**
 * Whether git tracks this tree: in its own clone, or as a folder of another one. Looks for `.git` by itself, since git also fails for
 * a clone that it cannot read. Throws a Refusal with git's error in such a clone.
 */
export async function isClone(): Promise<boolean> {
  if (existsSync(join(repoRoot, '.git')) || process.env.GIT_DIR)
    return true
  for (let folder = dirname(repoRoot); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, '.git')))
      return await git('ls-files', '--', 'compose') !== '' // else it was only unpacked there
  }
  return false
}

/** Runs git in the root of the tree, for at most 10 minutes, and returns its stdout. Throws a Refusal with git's error. */
export async function git(...args: string[]): Promise<string> {
  return (await run(args)).toString().trimEnd()
}

/** Runs git with `input` on stdin. */
export async function gitWithInput(input: string | Buffer, ...args: string[]): Promise<string> {
  return (await run(args, input)).toString().trimEnd()
}

/** Returns git's stdout as bytes. */
export function gitBytes(...args: string[]): Promise<Buffer> {
  return run(args)
}

/**
 * Runs a git command that reports "there is none" by a failure without an error message, such as `rev-parse --verify --quiet`.
 * Returns undefined then. Throws a Refusal with git's error for every other failure.
 */
export async function gitIfAny(...args: string[]): Promise<string | undefined> {
  try {
    return await git(...args)
  }
  catch (error) {
    if (error instanceof SilentFailure)
      return undefined
    throw error
  }
}

/** git failed and printed nothing. */
class SilentFailure extends Refusal {}

async function run(args: string[], input: string | Buffer = ''): Promise<Buffer> {
  const running = promisify(execFile)('git', ['-C', repoRoot, ...args], { encoding: 'buffer', maxBuffer: MAX_OUTPUT_BYTES })
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  endOnAbort(running.child, deadline)
  running.child.stdin?.on('error', () => {}).end(input)
  try {
    return (await running).stdout
  }
  catch (error) {
    const { code, stderr } = error as { code?: string | number, stderr?: Buffer }
    if (code === 'ENOENT')
      throw new Refusal('Install git, which is not on PATH: https://git-scm.com.')
    if (deadline.aborted)
      throw new Refusal(`Stopped git ${args[0]}, which did not finish within ${TIMEOUT_MS / 60_000} minutes.`)
    const lines = (stderr ?? '').toString().trim().split('\n')
    // Prefer the first error line: ssh gives the reason before git's general error.
    const reason = lines.find(line => /^(?:fatal|error|ERROR|ssh:|Host key)|Permission denied/.test(line)) ?? lines.at(-1)!
    if (reason === '')
      throw new SilentFailure(`git ${args[0]} failed without an error message`)
    throw new Refusal(reason, lines.filter(line => line !== reason && line !== ''))
  }
}

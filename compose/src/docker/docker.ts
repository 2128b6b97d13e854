import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { signalProcess } from '../machine/processes.ts'
import { explainDocker } from './explain-docker.ts'

/** Reading the engine's state takes milliseconds; after this long the engine counts as unresponsive. */
export const QUICK_TIMEOUT_MS = 10_000
const LINES_KEPT = 40
/** A command that ignores this many SIGTERMs gets SIGKILL. */
const SIGTERM_TRIES = 5
const SIGTERM_EVERY_MS = 2_000

interface Options {
  env: NodeJS.ProcessEnv
  timeoutMs: number
  cwd?: string
  /** Ends the command early. */
  signal?: AbortSignal
  /** Called with each line of stderr, where Docker Compose writes its progress. */
  onLine?: (line: string) => void
  /** Called with each line of stdout, while the command runs. */
  onStdoutLine?: (line: string) => void
}

/**
 * Runs the docker command and returns its stdout. Throws a Refusal that says what went wrong when the command fails,
 * takes too long, or is aborted by the signal.
 */
export async function docker(args: string[], { env, timeoutMs, cwd, signal, onLine, onStdoutLine }: Options): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const end = signal ? AbortSignal.any([signal, deadline]) : deadline
  const child = spawnDocker(args, { env, cwd, signal: end })
  let stdout = ''
  const lines: string[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => stdout += chunk)
  if (onStdoutLine)
    createInterface(child.stdout).on('line', onStdoutLine)
  createInterface(child.stderr).on('line', (line) => {
    onLine?.(line)
    lines.push(line)
    if (lines.length > LINES_KEPT)
      lines.shift()
  })
  let failure: Error | undefined
  child.once('error', error => failure = error)
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  // Docker Compose may still exit with 0 after the signal; that counts as interrupted too.
  if (code === 0 && !end.aborted)
    return stdout
  const how = deadline.aborted ? `timed out after ${timeoutMs / 1000} s` : end.aborted ? 'interrupted' : failure?.message ?? `exit code ${code}`
  throw explainDocker(args, how, lines)
}

/** Starts the docker command; the signal ends it. The child always emits 'close', even if it could not start. */
export function spawnDocker(args: string[], { env, cwd, signal }: { env: NodeJS.ProcessEnv, cwd?: string, signal: AbortSignal }): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn('docker', args, {
    env,
    cwd,
    // A separate process group, so that a Ctrl-C reaches only the harness, which decides what to do.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Signal the whole group: `docker` alone may end and leave its plugin, Docker Compose, running. Repeat it: Docker's client
  // can lose a SIGTERM that comes before its plugin has started.
  let timer: NodeJS.Timeout | undefined
  const endGroup = (triesLeft = SIGTERM_TRIES): void => {
    if (child.pid === undefined)
      return
    signalProcess(-child.pid, triesLeft > 0 ? 'SIGTERM' : 'SIGKILL')
    timer = setTimeout(endGroup, SIGTERM_EVERY_MS, triesLeft - 1)
  }
  const end = (): void => endGroup()
  signal.addEventListener('abort', end)
  child.once('close', () => {
    signal.removeEventListener('abort', end)
    clearTimeout(timer)
  })
  if (signal.aborted)
    end()
  return child
}

/** Runs a docker command that takes milliseconds and returns its stdout. Null when it fails. */
export function dockerSync(args: string[], env: NodeJS.ProcessEnv): string | null {
  const { status, stdout } = spawnSync('docker', args, { env, encoding: 'utf8', timeout: QUICK_TIMEOUT_MS, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'ignore'] })
  return status === 0 ? stdout : null
}

/** The non-empty lines of a command's output. */
export function lines(output: string): string[] {
  return output.split('\n').filter(line => line !== '')
}

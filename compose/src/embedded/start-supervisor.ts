import type { DataFolder } from '../data/data-folder.ts'
import type { Progress } from '../stack.ts'
import type { StartMessage } from './supervise.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { endProcess, identify } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'
import { lastLines } from './log-files.ts'
import { endLeftovers, STOP_TIMEOUT_MS } from './owners.ts'

const program = fileURLToPath(new URL('supervise.ts', import.meta.url))

/**
 * Starts the supervisor as a separate process, detached from this terminal, and returns once the stack is up. If the start
 * fails, times out or is aborted, throws a Refusal after everything has stopped. With `attached`, the supervisor also stops
 * everything once this process is gone, however it ended.
 */
export async function startSupervisor(folder: DataFolder, progress: Progress, { signal, timeoutMs, attached }: { signal: AbortSignal, timeoutMs: number, attached: boolean }): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([signal, deadline])
  if (either.aborted)
    throw new Refusal('Stopped. Nothing was started.')

  const logFile = folder.logFile('supervisor')
  const log = openSync(logFile, 'a', 0o600)
  const supervisor = spawn(process.execPath, [program, folder.path, ...(attached ? ['attached'] : [])], { detached: true, cwd: '/', stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  const ended = once(supervisor, 'exit')
  const identity = identify(supervisor.pid!)
  const end = () => void (identity && endProcess(identity, 'SIGTERM', STOP_TIMEOUT_MS))
  either.addEventListener('abort', end)

  let failure: { line: string, details: readonly string[] } | undefined
  const up = await new Promise<boolean>((resolve) => {
    supervisor.on('message', (message: StartMessage) => {
      if ('step' in message)
        progress(message.step)
      else if ('failed' in message)
        failure = message.failed
      else
        resolve(!either.aborted)
    })
    void ended.then(() => resolve(false))
  })
  if (up) {
    either.removeEventListener('abort', end) // the deadline is for the start only
    if (!attached)
      supervisor.disconnect()
    supervisor.unref()
    return
  }
  await ended
  await endLeftovers(folder) // does nothing unless the supervisor had to be killed
  if (signal.aborted)
    throw new Refusal('Stopped. Nothing is left running.')
  if (deadline.aborted)
    throw new Refusal(`The system did not start within ${timeoutMs / 1000} s, so it was stopped again. \`make logs\` shows how far it got.`)
  throw failure ? new Refusal(failure.line, failure.details) : new Refusal(`The supervisor exited during the start. Its log is ${logFile}.`, lastLines(logFile, 10))
}

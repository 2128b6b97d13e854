import type { ProcessIdentity } from '../machine/processes.ts'
import type { Command } from './part.ts'
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readable } from '../machine/log-line.ts'
import { endOnAbort, identify } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'
import { endOf, lastLines } from './log-files.ts'

/** Runs a command until it exits. Throws a Refusal with its last log lines if it fails, times out or is stopped. */
export type RunOnce = (command: Pick<Command, 'file' | 'args' | 'options'>, timeoutMs: number) => Promise<void>

/**
 * Makes a RunOnce that writes to the log. `record` receives the process when it starts and null when it ends. With that
 * record, the next verb can end the process if the supervisor is killed. A command that ignores SIGTERM is killed after the
 * grace period.
 */
export function makeRunOnce(name: string, logFile: string, signal: AbortSignal, record: (process: ProcessIdentity | null) => void, graceMs?: number): RunOnce {
  return ({ file, args, options }, timeoutMs) => new Promise((resolve, reject) => {
    const logStart = endOf(logFile)
    const log = openSync(logFile, 'a', 0o600)
    const deadline = AbortSignal.timeout(timeoutMs)
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    endOnAbort(child, AbortSignal.any([signal, deadline]), graceMs)
    record(child.pid ? identify(child.pid) : null)
    const fail = (how: string) => reject(new Refusal(`${name} failed: ${how}`, lastLines(logFile, 20, logStart).map(readable)))
    child.once('error', (error) => {
      if (child.pid === undefined)
        fail(error.message) // the program did not start; otherwise 'exit' follows
    })
    child.once('exit', (code, killedBy) => {
      record(null)
      if (code === 0)
        resolve()
      else
        fail(deadline.aborted ? `not finished after ${timeoutMs / 1000} s` : killedBy ? `killed by ${killedBy}` : `exit code ${code}`)
    })
  })
}

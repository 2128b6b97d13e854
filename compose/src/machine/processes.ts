import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'

/**
 * A process, so that nobody else is ever taken for it: pids are reused, so a pid alone says nothing about a process
 * that was recorded before a crash or a reboot. The start time counts from the boot that `bootId` names.
 */
export const processIdentity = z.object({
  pid: z.int().positive(),
  startTime: z.string(),
  bootId: z.string(),
})
export type ProcessIdentity = z.infer<typeof processIdentity>

const POLL_MS = 20

interface ProcessStat { state: string, parentPid: number, startTime: string }

/** A line of /proc/<pid>/stat. The name (field 2) may hold spaces and brackets: the rest starts after the last one. */
function readStat(pid: number): ProcessStat | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return {
      state: fields[0]!,
      parentPid: Number(fields[1]),
      startTime: fields[19]!,
    }
  }
  catch {
    return null
  }
}

function readStatByPs(pid: number): ProcessStat | null {
  try {
    const line = execFileSync('ps', [
      '-o',
      'state=,ppid=,lstart=',
      '-p',
      String(pid),
    ], {
      env: { LC_ALL: 'C' },
      encoding: 'utf8',
    })
    const [state, parentPid, ...startTime] = line.trim().split(/\s+/)
    return {
      state: state!,
      parentPid: Number(parentPid),
      startTime: startTime.join(' '),
    }
  }
  catch {
    return null
  }
}

const stat = process.platform === 'linux' ? readStat : readStatByPs

function bootId(): string {
  return process.platform === 'linux' ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : ''
}

/** Who this pid is now; null when no such process runs. A zombie has ended. */
export function identify(pid: number): ProcessIdentity | null {
  const found = stat(pid)
  return found && found.state !== 'Z' ? { pid, startTime: found.startTime, bootId: bootId() } : null
}

/** Whether this very process still runs, stopped by a signal or not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid)
  return now !== null && now.startTime === identity.startTime && now.bootId === identity.bootId
}

/** Whether it is stopped by SIGSTOP. */
export function isPaused({ pid }: ProcessIdentity): boolean {
  return stat(pid)?.state.startsWith('T') ?? false
}

/** The process and its descendants, parents first. Without /proc, only the process itself. */
export function processTree(pid: number): number[] {
  if (process.platform !== 'linux')
    return [pid]
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const parent = readStat(entry)?.parentPid
    if (parent !== undefined) {
      children.set(parent, [
        ...children.get(parent) ?? [],
        entry,
      ])
    }
  }
  const tree = [pid]
  for (const member of tree)
    tree.push(...children.get(member) ?? [])
  return tree
}

/** Signals the process and its descendants. One that has ended in the meantime is no error. */
export function signalTree(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity))
    return
  for (const pid of processTree(identity.pid))
    signalProcess(pid, signal)
}

/** Signals one process, or a group by its negative id. One that has ended is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  }
  catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH')
      throw error
  }
}

/** Waits until the process has ended. False when it still runs after the deadline. */
async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isAlive(identity)) {
    if (Date.now() > deadline)
      return false
    await delay(POLL_MS)
  }
  return true
}

/**
 * Asks the process to end, and kills it and its descendants when it has not by the deadline.
 * @returns whether it ended by itself
 */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  if (!isAlive(identity))
    return true
  signalTree(identity, 'SIGCONT') // a paused process would not see the signal before it is resumed
  signalProcess(identity.pid, signal)
  if (await waitForEnd(identity, timeoutMs))
    return true
  signalTree(identity, 'SIGKILL')
  await waitForEnd(identity, 5_000)
  return false
}

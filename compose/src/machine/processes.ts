import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'

/**
 * Identifies one process. Pids are reused, so a pid recorded before a crash or a reboot may belong to another process now.
 * The start time counts from the boot that `bootId` identifies.
 */
export const processIdentity = z.object({
  pid: z.int().positive(),
  startTime: z.string(),
  bootId: z.string(),
})
export type ProcessIdentity = z.infer<typeof processIdentity>

const POLL_MS = 20
const PS_TIMEOUT_MS = 10_000
const GRACE_MS = 10_000

interface ProcessStat { state: string, parentPid: number, startTime: string }

/** Parses /proc/<pid>/stat. The name (field 2) may contain spaces and parentheses: the rest follows the last `)`. */
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
      timeout: PS_TIMEOUT_MS,
      killSignal: 'SIGKILL',
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

/** Returns the identity of the process with this pid; null if there is none or it is a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const found = stat(pid)
  return found && found.state !== 'Z' ? { pid, startTime: found.startTime, bootId: bootId() } : null
}

/** Whether this exact process still exists, paused or not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid)
  return now !== null && now.startTime === identity.startTime && now.bootId === identity.bootId
}

/** Whether the process is stopped by SIGSTOP. */
export function isPaused({ pid }: ProcessIdentity): boolean {
  return stat(pid)?.state.startsWith('T') ?? false
}

/** The name of a process's program, and its working folder: null without /proc, or if the process belongs to another user. */
export function programOf(pid: number): { name: string, folder: string | null } | null {
  if (identify(pid) === null)
    return null
  try {
    if (process.platform !== 'linux')
      return { name: basename(execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8', timeout: PS_TIMEOUT_MS, killSignal: 'SIGKILL' }).trim()), folder: null }
    return { name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), folder: linkTarget(`/proc/${pid}/cwd`) }
  }
  catch {
    return null // the process has ended
  }
}

function linkTarget(link: string): string | null {
  try {
    return readlinkSync(link)
  }
  catch {
    return null
  }
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

/** Signals the process and its descendants. Ignores processes that have ended. */
export function signalTree(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity))
    return
  for (const pid of processTree(identity.pid))
    signalProcess(pid, signal)
}

/** Signals one process, or a group by its negative id. Ignores a process that has ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  }
  catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH')
      throw error
  }
}

/** Waits until the process has ended. Returns false at the deadline. */
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
 * Signals the process, and kills it and its descendants at the deadline.
 * @returns whether the process ended before the deadline
 */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  if (!isAlive(identity))
    return true
  signalTree(identity, 'SIGCONT') // a paused process handles the signal only once it is resumed
  signalProcess(identity.pid, signal)
  if (await waitForEnd(identity, timeoutMs))
    return true
  signalTree(identity, 'SIGKILL')
  await waitForEnd(identity, 5_000)
  return false
}

/** Ends a child once the signal aborts: SIGTERM, and after the grace period SIGKILL to it and its descendants. */
export function endOnAbort(child: ChildProcess, signal: AbortSignal, graceMs = GRACE_MS): void {
  const identity = child.pid === undefined ? null : identify(child.pid)
  if (identity === null)
    return
  const end = () => void endProcess(identity, 'SIGTERM', graceMs)
  signal.addEventListener('abort', end, { once: true })
  child.once('exit', () => signal.removeEventListener('abort', end))
  if (signal.aborted)
    end()
}

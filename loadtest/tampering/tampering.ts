import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const COMPILE_TIMEOUT_MS = 60_000
const CONTROL_BYTES = 16
const DISK_AT = 8

/** What the processes of a chaos system let faults do to them from inside: a shim for the C library, and a preload for workers. */
export interface Tampering {
  /** Why clocks and disks cannot be tampered with, for people; null if they can. */
  shimProblem: string | null
  /** Sets the time of day of Postgres or of all workers forward (or back, if negative), relative to this machine's. */
  stepClock: (of: 'postgres' | 'worker', seconds: number) => void
  /** Whether Postgres finds its disk full: it can write, but make no file longer. */
  fillDisk: (full: boolean) => void
  /** A worker that posts this payment is killed before it sends the statement; null: none is. */
  killWorkerAt: (paymentId: string | null) => void
}

/** Prepares the files in `folder`, which Postgres's user must be able to enter. Returns the environments that load them, too. */
export function prepareTampering(folder: string): { tampering: Tampering, env: Record<'postgres' | 'worker', Record<string, string>> } {
  mkdirSync(folder)
  chmodSync(folder, 0o755)
  const library = join(folder, 'shim.so')
  const shimProblem = compile(library)
  const controls = { postgres: controlFile(join(folder, 'postgres')), worker: controlFile(join(folder, 'worker')) }
  const killFile = join(folder, 'kill-at')
  writeFileSync(killFile, '')
  const shim = (of: 'postgres' | 'worker'): Record<string, string> => shimProblem === null ? { LD_PRELOAD: library, CHAOS_CONTROL: controls[of].path } : {}
  return {
    tampering: {
      shimProblem,
      stepClock: (of, seconds) => controls[of].write(seconds, 0),
      fillDisk: full => controls.postgres.write(full ? 1 : 0, DISK_AT),
      killWorkerAt: paymentId => writeFileSync(killFile, paymentId ?? ''),
    },
    env: {
      postgres: shim('postgres'),
      worker: { ...shim('worker'), NODE_OPTIONS: `--import=${new URL('kill-at-job.ts', import.meta.url).href}`, CHAOS_KILL_AT: killFile },
    },
  }
}

/** Compiles the shim with this machine's C compiler. Returns why that did not work, or null. */
function compile(library: string): string | null {
  if (process.platform !== 'linux')
    return 'the shim for clocks and disks needs Linux'
  const { status, error, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-Wall', '-o', library, join(import.meta.dirname, 'shim.c'), '-ldl'], { encoding: 'utf8', timeout: COMPILE_TIMEOUT_MS })
  if (error)
    return `the shim for clocks and disks needs a C compiler: install one as \`cc\`, such as Debian's gcc and libc6-dev (${error.message})`
  if (status !== 0)
    return `the shim for clocks and disks does not compile here: ${stderr.split('\n')[0]}`
  chmodSync(library, 0o755)
  return null
}

/** A file of two 64-bit numbers that the shim maps into its process. */
function controlFile(path: string): { path: string, write: (value: number, at: number) => void } {
  writeFileSync(path, Buffer.alloc(CONTROL_BYTES), { mode: 0o644 })
  const fd = openSync(path, 'r+')
  return {
    path,
    write: (value, at) => {
      const bytes = Buffer.alloc(8)
      bytes.writeBigInt64LE(BigInt(value))
      writeSync(fd, bytes, 0, bytes.length, at)
    },
  }
}

import { readFileSync, writeFileSync } from 'node:fs'
import { processTree } from '../../compose/src/machine/processes.ts'

/** The kernel counts time in hundredths of a second on every platform that Node runs on. */
const TICKS_PER_SECOND = 100

/** Seconds of processor time that the processes have taken, with all that they have started, also what has ended. */
export function cpuSeconds(roots: number[]): number {
  const ticks = roots.flatMap(processTree).map((pid) => {
    const line = read(`/proc/${pid}/stat`)
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // user, system; and those of children that have ended: a backend that leaves is counted by the postmaster
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  })
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

/** Forgets the peak of memory up to now. */
export function resetPeakMemory(pids: number[]): void {
  for (const pid of pids)
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** The most memory that one of the processes had since then, in MB. */
export function peakMemoryMb(pids: number[]): number {
  return Math.max(...pids.map(pid => megabytes(`/proc/${pid}/status`, 'VmHWM')))
}

/** The memory that a process has now, in MB. */
export function memoryMb(pid: number): number {
  return megabytes(`/proc/${pid}/status`, 'VmRSS')
}

/** Memory that is Postgres's own and not the buffers that all its processes share, in MB, of all of them together. */
export function privateMemoryMb(postmaster: number): number {
  return processTree(postmaster).reduce((sum, pid) => sum + megabytes(`/proc/${pid}/status`, 'RssAnon'), 0)
}

function megabytes(file: string, field: string): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(file)) ?? []
  return Number(kilobytes ?? 0) / 1024
}

/** A process that has ended has nothing. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  }
  catch {
    return ''
  }
}

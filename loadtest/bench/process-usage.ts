import { readFileSync, writeFileSync } from 'node:fs'
import { processTree } from '../../compose/src/machine/processes.ts'

/** The kernel counts CPU time in hundredths of a second on every platform that Node supports. */
const TICKS_PER_SECOND = 100

/** CPU seconds of the processes and all their descendants, including those that have ended. */
export function cpuSeconds(roots: number[]): number {
  const ticks = roots.flatMap(processTree).map((pid) => {
    const line = read(`/proc/${pid}/stat`)
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    // utime, stime, cutime, cstime: the last two are those of ended children, such as Postgres backends
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  })
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

/** Restarts the peak that peakMemoryMb() returns. */
export function resetPeakMemory(pids: number[]): void {
  for (const pid of pids)
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** The highest memory of any of the processes since the reset, in MB. */
export function peakMemoryMb(pids: number[]): number {
  return Math.max(...pids.map(pid => megabytes(`/proc/${pid}/status`, 'VmHWM')))
}

/** The current memory of a process, in MB. */
export function memoryMb(pid: number): number {
  return megabytes(`/proc/${pid}/status`, 'VmRSS')
}

/** The current memory of all Postgres processes in MB, without the buffers that they share. */
export function privateMemoryMb(postmaster: number): number {
  return processTree(postmaster).reduce((sum, pid) => sum + megabytes(`/proc/${pid}/status`, 'RssAnon'), 0)
}

function megabytes(file: string, field: string): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(file)) ?? []
  return Number(kilobytes ?? 0) / 1024
}

/** Returns an empty text for a process that has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  }
  catch {
    return ''
  }
}

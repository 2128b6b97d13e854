import type { DataFolder } from './data-folder.ts'
import type { LogLine } from './stack.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { lastLines, readRange, sizeOf } from './log-files.ts'

const POLL_MS = 200

/**
 * The last lines of every log, then new ones as they are written, while `goOn` says so and until the signal comes.
 * A log that appears later is followed as well, and one that is cut is read on from its start.
 */
export async function* followLogs(folder: DataFolder, lines: number, signal: AbortSignal, goOn: () => boolean): AsyncGenerator<LogLine> {
  const positions = new Map<string, number>()
  const unfinished = new Map<string, string>()
  for (const part of folder.logNames()) {
    positions.set(part, sizeOf(folder.logFile(part)))
    for (const text of lastLines(folder.logFile(part), lines))
      yield { part, text }
  }
  while (!signal.aborted) {
    const last = !goOn() // what was written before the end is still read
    for (const part of folder.logNames()) {
      const file = folder.logFile(part)
      const size = sizeOf(file)
      const known = positions.get(part) ?? 0
      if (size === known)
        continue
      const text = (unfinished.get(part) ?? '') + readRange(file, known < size ? known : 0, size)
      const complete = text.split('\n')
      unfinished.set(part, complete.pop()!)
      positions.set(part, size)
      for (const text of complete)
        yield { part, text }
    }
    if (last)
      return
    await delay(POLL_MS, null, { signal }).catch(() => {})
  }
}

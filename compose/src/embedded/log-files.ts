import type { DataFolder } from '../data/data-folder.ts'
import type { LogLine } from '../stack.ts'
import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** A log is cut when it is longer than this; the part before the cut is kept as `<name>.log.1`. */
const LOG_LIMIT_BYTES = 16 * 1024 * 1024
const CHECK_EVERY_MS = 1_000
const TAIL_BYTES = 16 * 1024
const POLL_MS = 200

/** Bytes in the file, 0 when it does not exist. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** The text of the file from `start` to `end`, in bytes. */
function readRange(file: string, start: number, end: number): string {
  const fd = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(Math.max(0, end - start))
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start))
  }
  finally {
    closeSync(fd)
  }
}

/** The last lines of the file, of those after the byte `from`; within the last 16 KiB. */
export function lastLines(file: string, count: number, from = 0): string[] {
  const size = sizeOf(file)
  if (size === 0)
    return []
  const start = Math.max(from <= size ? from : 0, size - TAIL_BYTES)
  const lines = readRange(file, start, size).split('\n').filter(line => line.trim() !== '')
  return lines.slice(Math.max(0, lines.length - count))
}

/**
 * Keeps every log that the folder's supervisor looks after within its limit. The parts write to the files themselves, in append mode, so that a
 * log costs them nothing and outlives the supervisor; the price is that lines written in the moment of a cut are lost.
 */
export function boundLogs(folder: DataFolder, limitBytes = LOG_LIMIT_BYTES, everyMs = CHECK_EVERY_MS): NodeJS.Timeout {
  return setInterval(() => {
    for (const file of folder.ownLogNames().map(name => folder.logFile(name))) {
      if (sizeOf(file) > limitBytes) {
        copyFileSync(file, `${file}.1`)
        truncateSync(file)
      }
    }
  }, everyMs).unref()
}

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

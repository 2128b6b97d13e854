import type { DataFolder } from '../data/data-folder.ts'
import type { LogLine } from '../stack.ts'
import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** A longer log is copied to `<name>.log.1` and truncated. */
const LOG_LIMIT_BYTES = 16 * 1024 * 1024
const CHECK_EVERY_MS = 1_000
const TAIL_BYTES = 16 * 1024
const POLL_MS = 200

/** Returns the size of the file in bytes, 0 if it does not exist. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** Returns the text between two byte offsets of the file. */
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

/** A position in a log: the bytes before it, and when they were counted. */
export interface LogPosition { bytes: number, at: number }

/** The current end of the log. */
export function endOf(file: string): LogPosition {
  return { bytes: sizeOf(file), at: Date.now() }
}

/** Returns the last lines of the log after `from`, within its last 16 KiB, even if the log was rotated since. */
export function lastLines(file: string, count: number, from: LogPosition = { bytes: 0, at: Infinity }): string[] {
  const rotatedAt = statSync(`${file}.1`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const text = rotatedAt > from.at ? tail(`${file}.1`, from.bytes) + tail(file, 0) : tail(file, from.bytes)
  return text.split('\n').filter(line => line.trim() !== '').slice(-count)
}

/** The text of the file after byte `from`, within its last 16 KiB. */
function tail(file: string, from: number): string {
  const size = sizeOf(file)
  return size === 0 ? '' : readRange(file, Math.max(from <= size ? from : 0, size - TAIL_BYTES), size)
}

/**
 * Rotates every log of the folder's supervisor that exceeds the limit. The parts append to the files directly, so that
 * logs work without the supervisor; lines written during a rotation may be lost.
 */
export function rotateLogs(folder: DataFolder, limitBytes = LOG_LIMIT_BYTES, everyMs = CHECK_EVERY_MS): NodeJS.Timeout {
  return setInterval(() => {
    for (const file of folder.rotatedLogNames().map(name => folder.logFile(name))) {
      if (sizeOf(file) > limitBytes) {
        copyFileSync(file, `${file}.1`)
        truncateSync(file)
      }
    }
  }, everyMs).unref()
}

/**
 * Yields the last lines of every log, then new lines as they are written, until `isRunning` returns false or the signal aborts.
 * Includes logs that appear later. A rotated log is read from its start.
 */
export async function* followLogs(folder: DataFolder, lines: number, signal: AbortSignal, isRunning: () => boolean): AsyncGenerator<LogLine> {
  const positions = new Map<string, number>()
  const unfinished = new Map<string, string>()
  for (const part of folder.logNames()) {
    positions.set(part, sizeOf(folder.logFile(part)))
    for (const text of lastLines(folder.logFile(part), lines))
      yield { part, text }
  }
  while (!signal.aborted) {
    const last = !isRunning() // one more pass reads the lines written before the end
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

import type { JournalLine } from '../auditor/chaos/journal.ts'
import { close, fsync, openSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'

/**
 * A line is in the kernel before its request is sent, so a SIGKILL of the writer loses none. Only a crash of the machine, which
 * ends the system under test too, can lose the lines of this long.
 */
const SYNC_EVERY_MS = 200

export interface JournalWriter {
  write: (line: JournalLine) => void
  /** Syncs and closes the file. */
  close: () => Promise<void>
}

/** Opens a journal for appending, one JSON document per line. */
export function openJournal(file: string): JournalWriter {
  const fd = openSync(file, 'a')
  let dirty = false
  const sync = async (): Promise<void> => {
    if (!dirty)
      return
    dirty = false
    await promisify(fsync)(fd)
  }
  let syncing = Promise.resolve()
  const timer = setInterval(() => syncing = syncing.then(sync), SYNC_EVERY_MS)
  return {
    write: (line) => {
      writeSync(fd, `${JSON.stringify(line)}\n`)
      dirty = true
    },
    close: async () => {
      clearInterval(timer)
      await syncing.then(sync)
      await promisify(close)(fd)
    },
  }
}

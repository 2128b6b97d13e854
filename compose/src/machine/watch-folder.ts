import type { FSWatcher } from 'node:fs'
import { readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Editors save several files at once, or one file in several steps: a burst of changes counts as one after this long without any. */
const QUIET_MS = 30

export interface Watcher { close: () => void }

/**
 * Calls back after each burst of changes to files whose name matches, in the folder or below it. Watches directories instead
 * of files: Node's recursive watch and `node --watch` (24.21, Linux) lose a file once an editor replaces it by a rename.
 */
export function watchFolder(folder: string, name: RegExp, changed: () => void): Watcher {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function add(directory: string): void {
    if (closed || watchers.has(directory))
      return
    try {
      const watcher = watch(directory, (_event, file) => onEvent(directory, file))
      watchers.set(directory, watcher)
      watcher.on('error', () => forget(directory))
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory())
          add(join(directory, entry.name))
      }
    }
    catch {
      forget(directory) // the directory was removed meanwhile
    }
  }

  function forget(directory: string): void {
    watchers.get(directory)?.close()
    watchers.delete(directory)
  }

  function onEvent(directory: string, file: string | null): void {
    if (file === null || !file.includes('.'))
      rescan(directory)
    if (file !== null && !name.test(file))
      return
    clearTimeout(timer)
    timer = setTimeout(changed, QUIET_MS)
  }

  // A directory may have appeared, disappeared, or been replaced by another one with the same name.
  function rescan(directory: string): void {
    for (const below of [...watchers.keys()].filter(path => path.startsWith(`${directory}/`)))
      forget(below)
    forget(directory)
    add(directory)
  }

  add(folder)
  return {
    close: () => {
      closed = true
      clearTimeout(timer)
      for (const directory of [...watchers.keys()])
        forget(directory)
    },
  }
}

import type { PartStatus } from '../stack.ts'
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { repoRoot } from '../config.ts'

/** The folders whose files a part runs. The console runs a copy of its build, which `make up` renews. */
const SOURCES: Record<string, string[]> = {
  api: ['payments-api/src', 'payments-api/migrations'],
  worker: ['recon-worker/src'],
  ui: ['payments-ui/app', 'payments-ui/server', 'payments-ui/shared'],
}

/** The parts that started before one of their files was edited, and the file that was edited last. */
export function editedSince(parts: PartStatus[]): { part: string, file: string }[] {
  return parts.flatMap(({ name, uptimeMs }) => {
    const folders = SOURCES[name.replace(/-\d+$/, '')]
    if (!folders || uptimeMs === null)
      return []
    const startedAt = Date.now() - uptimeMs
    const newest = folders.flatMap(filesIn).reduce((a, b) => a.editedAt > b.editedAt ? a : b, { path: '', editedAt: 0 })
    return newest.editedAt > startedAt ? [{ part: name, file: relative(repoRoot, newest.path) }] : []
  })
}

function filesIn(folder: string): { path: string, editedAt: number }[] {
  return readdirSync(join(repoRoot, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => ({ path: join(parentPath, name), editedAt: statSync(join(parentPath, name)).mtimeMs }))
}

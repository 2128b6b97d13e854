import type { PartStatus } from '../stack.ts'
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { repoRoot } from '../config.ts'

/** The files, and the folders of files, that a part runs. The console runs a copy of its build, which `make up` renews. */
const SOURCES: Record<string, string[]> = {
  postgres: ['compose/postgres/postgresql.conf'],
  api: ['src', 'migrations', 'invariants', 'package-lock.json'].map(path => `payments-api/${path}`),
  worker: ['src', 'package-lock.json'].map(path => `recon-worker/${path}`),
  ui: ['app', 'server', 'shared', 'public', 'nuxt.config.ts', 'package-lock.json'].map(path => `payments-ui/${path}`),
}

/** The parts that started before one of their files in this tree was edited, and the file that was edited last. */
export function editedSince(parts: PartStatus[], root = repoRoot): { part: string, file: string }[] {
  return parts.flatMap(({ name, uptimeMs }) => {
    const sources = SOURCES[name.replace(/-\d+$/, '')]
    if (!sources || uptimeMs === null)
      return []
    const startedAt = Date.now() - uptimeMs
    const newest = sources.flatMap(source => filesIn(join(root, source))).reduce((a, b) => a.editedAt > b.editedAt ? a : b, { path: '', editedAt: 0 })
    return newest.editedAt > startedAt ? [{ part: name, file: relative(root, newest.path) }] : []
  })
}

function filesIn(source: string): { path: string, editedAt: number }[] {
  const paths = statSync(source).isFile()
    ? [source]
    : readdirSync(source, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return paths.map(path => ({ path, editedAt: statSync(path).mtimeMs }))
}

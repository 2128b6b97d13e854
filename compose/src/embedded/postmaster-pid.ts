import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { programOf } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'

/**
 * Returns the pid in a postmaster.pid that a killed Postgres left behind, if another process has that pid now; else null.
 * Postgres would take that process for itself and refuse to start. Throws a Refusal if Postgres does run on this data.
 */
export function findStalePid(data: string): number | null {
  const file = join(data, 'postmaster.pid')
  const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8')) : Number.NaN
  const found = pid > 0 ? programOf(pid) : null
  if (found === null)
    return null
  // Postgres changes to its data folder when it starts.
  if (found.name === 'postgres' && (found.folder === null || found.folder === realpathSync(data)))
    throw new Refusal(`Another Postgres already runs on ${data}, as pid ${pid}. Stop it with \`kill -INT ${pid}\`, or choose another folder with DATA_DIR=folder.`)
  return pid
}

import type { Config } from '../config.ts'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../config.ts'

const FILE = join(repoRoot, '.env')
const FIRST_LINE = '# Written by `make up` for `docker compose` in this folder, so that it runs the same system. `make reset` deletes it.'

/**
 * Writes the Compose project and the ports of this clone's system to .env in the root. `docker compose` reads it there, and
 * would otherwise use the project and the ports in compose/. Leaves a file that somebody else wrote unchanged.
 */
export function writeEnvFile(project: string, images: string, { postgres, api, ui }: Config['ports']): void {
  if (existsSync(FILE) && !isOurs())
    return
  const settings = { COMPOSE_PROJECT_NAME: project, IMAGES: images, PGPORT: postgres, API_PORT: api, UI_PORT: ui }
  writeFileSync(FILE, `${[FIRST_LINE, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)].join('\n')}\n`)
}

/** Deletes the file that `writeEnvFile` wrote. */
export function removeEnvFile(): void {
  if (existsSync(FILE) && isOurs())
    rmSync(FILE)
}

function isOurs(): boolean {
  return readFileSync(FILE, 'utf8').startsWith(FIRST_LINE)
}

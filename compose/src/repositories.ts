import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { repoRoot } from './config.ts'
import { Refusal } from './refusal.ts'

/** The name of the repository that holds everything except the services. */
export const HARNESS = 'payments-system'

const manifest = z.record(z.string().regex(/^[a-z][a-z-]*$/), z.string().regex(/^[\w./-]+$/))

/** The services with separate repositories and their branches, from workspace.json. */
export function services(): { name: string, branch: string }[] {
  const file = join(repoRoot, 'workspace.json')
  try {
    return Object.entries(manifest.parse(JSON.parse(readFileSync(file, 'utf8')))).map(([name, branch]) => ({ name, branch }))
  }
  catch {
    throw new Refusal(`${file} is not valid: it must be an object with a branch for each service, such as {"payments-api": "main"}.`)
  }
}

/** Whether the service's folder is missing or empty, so that a clone can go there. */
export function canClone(name: string): boolean {
  const folder = join(repoRoot, name)
  return !existsSync(folder) || (statSync(folder).isDirectory() && readdirSync(folder).length === 0)
}

/** Throws a Refusal that names the services without a package.json, as in a clone of the harness alone. */
export function requireServices(): void {
  const missing = services().map(({ name }) => name).filter(name => !existsSync(join(repoRoot, name, 'package.json')))
  const inTheWay = missing.filter(name => !canClone(name))
  const first = inTheWay.length > 0 ? ` Move ${inTheWay.join(', ')} away, since ${inTheWay.length === 1 ? 'its folder holds' : 'their folders hold'} something else.` : ''
  if (missing.length > 0)
    throw new Refusal(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.${first} Clone ${missing.length === 1 ? 'it' : 'them'} with \`make workspace\`.`)
}

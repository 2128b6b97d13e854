import { readFileSync } from 'node:fs'
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

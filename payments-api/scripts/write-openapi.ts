import type { AppDeps } from '../src/app.ts'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apiRoutes } from '../src/app.ts'
import { openApiDocument } from '../src/http/openapi.ts'

/** The committed document. The contracts are in the folder next to this service, or where CONTRACTS_DIR says. */
export const OPENAPI_PATH = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'openapi.json')

/** The OpenAPI document as stable JSON. No handler runs, so the dependencies can be empty. */
export function openApiText(): string {
  const deps = { metrics: {} } as AppDeps
  return `${JSON.stringify(openApiDocument(apiRoutes(deps)), undefined, 2)}\n`
}

if (import.meta.main)
  await writeFile(OPENAPI_PATH, openApiText())

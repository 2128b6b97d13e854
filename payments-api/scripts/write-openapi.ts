import type { AppDeps } from '../src/app.ts'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apiRoutes } from '../src/app.ts'
import { openApiDocument } from '../src/http/openapi.ts'

/** Where contracts/openapi.json is: the contracts are found beside this service, or through CONTRACTS_DIR. */
export const OPENAPI_PATH = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../contracts'), 'openapi.json')

/** The OpenAPI document of the operations, formatted stably. Nothing is served, so what they depend on is not there. */
export function openApiText(): string {
  const deps = { metrics: {} } as AppDeps
  return `${JSON.stringify(openApiDocument(apiRoutes(deps)), undefined, 2)}\n`
}

if (import.meta.main)
  await writeFile(OPENAPI_PATH, openApiText())

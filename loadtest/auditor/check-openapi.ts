import type { ValidateFunction } from 'ajv'
import type { Findings } from './findings.ts'
import type { ExchangeEntry } from './journal.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { repoRoot } from '../../compose/src/config.ts'

interface Operation { responses: Record<string, { content?: Record<string, { schema?: object }> }> }
interface Document { paths: Record<string, Record<string, Operation>>, components: object }

/** Checks that contracts/openapi.json documents every response, and that the run called every documented operation. */
export function checkOpenApi(exchanges: ExchangeEntry[], findings: Findings): void {
  const document = JSON.parse(readFileSync(join(repoRoot, 'contracts/openapi.json'), 'utf8')) as Document
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'openapi', components: document.components })
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    operation,
    calls: 0,
  })))

  for (const exchange of exchanges) {
    const { pathname } = new URL(exchange.url)
    const called = operations.find(({ method, pattern }) => method === exchange.method && pattern.test(pathname))
    if (!called) {
      findings.add('routes missing from the OpenAPI document', `${exchange.method} ${pathname}`)
      continue
    }
    called.calls++
    const mismatch = findMismatch(called.operation, exchange, ajv)
    if (mismatch)
      findings.add('responses missing from the OpenAPI document', `${called.name}: ${mismatch}`)
  }
  for (const { name } of operations.filter(({ calls }) => calls === 0))
    findings.add('operations that were not called', name)
}

function findMismatch(operation: Operation, { status, contentType, body }: ExchangeEntry, ajv: Ajv2020): string | undefined {
  const content = operation.responses[status]?.content
  if (!content)
    return `status ${status}`
  const type = contentType.split(';')[0]!
  if (!(type in content))
    return `${status} as ${contentType || 'no content type'}`
  const schema = content[type]?.schema
  if (!schema || !/json/.test(type))
    return
  const validate: ValidateFunction = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object)
  if (!validate(JSON.parse(body)))
    return `${status}: ${ajv.errorsText(validate.errors)} in ${body.slice(0, 300)}`
}

import type { ValidateFunction } from 'ajv'
import type { Findings } from './findings.ts'
import type { ExchangeEntry } from './journal.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { repoRoot } from '../../compose/src/config.ts'

type Content = Record<string, { schema?: object }>
interface Document { paths: Record<string, Record<string, { responses: Record<string, { content?: Content }> }>>, components: object }

/** Checks that contracts/openapi.json documents every response. Returns the documented operations that were not called. */
export function checkOpenApi(exchanges: Iterable<ExchangeEntry>, findings: Findings): string[] {
  const { paths, components } = JSON.parse(readFileSync(join(repoRoot, 'contracts/openapi.json'), 'utf8')) as Document
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'openapi', components })
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { responses }]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    responses,
    validators: new Map<string, ValidateFunction>(), // compiling a schema takes milliseconds, and a run has thousands of responses
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
    const mismatch = findMismatch(called, exchange, ajv)
    if (mismatch)
      findings.add('responses missing from the OpenAPI document', `${called.name}: ${mismatch}`)
  }
  return operations.filter(({ calls }) => calls === 0).map(({ name }) => name)
}

function findMismatch({ responses, validators }: { responses: Record<string, { content?: Content }>, validators: Map<string, ValidateFunction> }, { status, contentType, body }: ExchangeEntry, ajv: Ajv2020): string | undefined {
  const content = responses[status]?.content
  if (!content)
    return `status ${status}`
  const type = contentType.split(';')[0]!
  if (!(type in content))
    return `${status} as ${contentType || 'no content type'}`
  const schema = content[type]?.schema
  if (!schema || !/json/.test(type))
    return
  const name = `${status} ${type}`
  if (!validators.has(name))
    validators.set(name, ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object))
  const validate = validators.get(name)!
  if (!validate(JSON.parse(body)))
    return `${status}: ${ajv.errorsText(validate.errors)} in ${body.slice(0, 300)}`
}

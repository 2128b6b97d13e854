import type { ValidateFunction } from 'ajv'
import type { Findings } from './findings.ts'
import type { Shown } from './journal.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { repoRoot } from '../../compose/src/config.ts'

interface Operation { responses: Record<string, { content?: Record<string, { schema?: object }> }> }
interface Document { paths: Record<string, Record<string, Operation>>, components: object }

/** Compares answers with contracts/openapi.json: each is one that its operation tells of, and each operation was asked. */
export function checkAnswers(shown: Shown[], findings: Findings): void {
  const document = JSON.parse(readFileSync(join(repoRoot, 'contracts/openapi.json'), 'utf8')) as Document
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'openapi', components: document.components })
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    operation,
    asked: 0,
  })))

  for (const answer of shown) {
    const { pathname } = new URL(answer.url)
    const asked = operations.find(({ method, pattern }) => method === answer.method && pattern.test(pathname))
    if (!asked) {
      findings.add('routes that OpenAPI does not tell of', `${answer.method} ${pathname}`)
      continue
    }
    asked.asked++
    const problem = compare(asked.operation, answer, ajv)
    if (problem)
      findings.add('answers that OpenAPI does not tell of', `${asked.name}: ${problem}`)
  }
  for (const { name } of operations.filter(({ asked }) => asked === 0))
    findings.add('operations that were not asked', name)
}

function compare(operation: Operation, { status, contentType, body }: Shown, ajv: Ajv2020): string | undefined {
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

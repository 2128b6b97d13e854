import type { ValidateFunction } from 'ajv'
import assert from 'node:assert/strict'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { openApiText } from '../../scripts/write-openapi.ts'

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>>
  components: object
}

const document = JSON.parse(openApiText()) as Document
const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
ajv.addSchema({ $id: 'openapi', components: document.components })
const validators = new Map<string, ValidateFunction>()

const paths = Object.keys(document.paths).map(path => ({
  path,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

/**
 * Asserts that the OpenAPI document describes a response: its status, content type and body. Unknown routes and methods get 404
 * and 405, which no operation documents.
 */
export function assertDocumented(method: string, url: string, response: { status: number, contentType: string, body: unknown }): void {
  const { pathname } = new URL(url)
  const path = paths.find(({ pattern }) => pattern.test(pathname))?.path
  const operation = path && document.paths[path]?.[method.toLowerCase()]
  if (!path || !operation)
    return assert.ok([400, 404, 405].includes(response.status) || /^\/(?:docs|openapi)/.test(pathname), `${method} ${pathname} responded with ${response.status}`)
  const content = operation.responses[response.status]?.content
  assert.ok(content, `${method} ${path} does not document status ${response.status}`)
  const type = response.contentType.split(';')[0]!
  assert.ok(type in content, `${method} ${path} does not document ${type} for status ${response.status}`)
  if (response.body === undefined)
    return
  const key = `${method} ${path} ${response.status}`
  const validate = validators.get(key) ?? ajv.compile(JSON.parse(JSON.stringify(content[type]!.schema).replaceAll('"#/components', '"openapi#/components')) as object)
  validators.set(key, validate)
  assert.ok(validate(response.body), `${key}: ${ajv.errorsText(validate.errors)}`)
}

/** An OpenAPI 3.1 document, or any part of one. */
export type Json = Record<string, any>
type Side = 'request' | 'response'

/**
 * Patterns that a later document may add to a field of a request: they state what the API has refused since its first
 * version, so no client sends anything else. This one excludes U+0000, which Postgres cannot store.
 */
const ALWAYS_ENFORCED = ['^[^\\u0000]*$']

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const

/**
 * The changes from one version of the API to the next that break its clients, one line each. The API must still accept
 * what clients send and still return what they read: a request may become looser and a response richer, never the reverse.
 */
export function breakingChanges(before: Json, after: Json): string[] {
  const breaks: string[] = []

  for (const [path, operations] of Object.entries<Json>(before.paths)) {
    for (const method of METHODS.filter(name => operations[name])) {
      const now = after.paths[path]?.[method]
      const name = `${method.toUpperCase()} ${path}`
      if (now)
        compareOperation(name, operations[method], now)
      else
        breaks.push(`${name} is gone`)
    }
  }
  return [...new Set(breaks)]

  function compareOperation(name: string, was: Json, now: Json): void {
    const key = ({ in: place, name: parameter }: Json): string => `${place} parameter ${parameter}`
    const nowByKey = new Map<string, Json>((now.parameters ?? []).map((parameter: Json) => [key(parameter), parameter]))
    const wasKeys = new Set<string>((was.parameters ?? []).map(key))
    for (const parameter of was.parameters ?? []) {
      const same = nowByKey.get(key(parameter))
      if (!same)
        breaks.push(`${name}: ${key(parameter)} is gone`)
      else
        compare(`${name}: ${key(parameter)}`, 'request', parameter.schema, same.schema)
      if (same?.required && !parameter.required)
        breaks.push(`${name}: ${key(parameter)} is required now`)
    }
    for (const [parameter, { required }] of nowByKey) {
      if (required && !wasKeys.has(parameter))
        breaks.push(`${name}: ${parameter} is new and required`)
    }

    compareContent(`${name}: body`, 'request', was.requestBody?.content, now.requestBody?.content)
    for (const [status, response] of Object.entries<Json>(was.responses)) {
      const same = now.responses[status]
      if (!same && Number(status) < 300)
        breaks.push(`${name}: it no longer responds with ${status}`)
      if (!same)
        continue
      for (const header of Object.keys(response.headers ?? {}).filter(header => !same.headers?.[header]))
        breaks.push(`${name} ${status}: the header ${header} is gone`)
      compareContent(`${name} ${status}: body`, 'response', response.content, same.content)
    }
  }

  function compareContent(where: string, side: Side, was: Json = {}, now: Json = {}): void {
    for (const [type, { schema }] of Object.entries<Json>(was)) {
      if (now[type])
        compare(where, side, schema, now[type].schema)
      else
        breaks.push(`${where} is no longer ${type}`)
    }
  }

  function compare(where: string, side: Side, unresolvedWas: Json, unresolvedNow: Json): void {
    const was = resolve(before, unresolvedWas)
    const now = resolve(after, unresolvedNow)
    const [narrow, wide] = side === 'request' ? [was, now] : [now, was]
    for (const type of typesOf(narrow).filter(type => !typesOf(wide).includes(type) && !(type === 'integer' && narrow.type !== 'integer')))
      breaks.push(side === 'request' ? `${where} may no longer be ${type}` : `${where} may now be ${type}`)
    if (valuesOf(wide)) {
      for (const value of valuesOf(narrow) ?? ['anything else']) {
        if (!valuesOf(wide)!.includes(value))
          breaks.push(`${where} may ${side === 'request' ? 'no longer' : 'now'} be ${JSON.stringify(value)}`)
      }
    }
    for (const limit of ['maxLength', 'maximum', 'maxItems', 'exclusiveMaximum'] as const)
      tightened(limit, (narrow[limit] ?? Infinity) > (wide[limit] ?? Infinity))
    for (const limit of ['minLength', 'minimum', 'minItems', 'exclusiveMinimum'] as const)
      tightened(limit, (narrow[limit] ?? -Infinity) < (wide[limit] ?? -Infinity))
    for (const rule of ['pattern', 'format'] as const) {
      const isOnlyStated = side === 'request' && was[rule] === undefined && ALWAYS_ENFORCED.includes(now[rule])
      tightened(rule, wide[rule] !== undefined && wide[rule] !== narrow[rule] && !isOnlyStated)
    }
    compareProperties(where, side, was, now)
    if (was.items && now.items)
      compare(`${where}[]`, side, was.items, now.items)

    function tightened(rule: string, differs: boolean): void {
      if (differs)
        breaks.push(`${where}: ${rule} was ${was[rule] ?? 'not set'}, is ${now[rule] ?? 'not set'}`)
    }
  }

  function compareProperties(where: string, side: Side, was: Json, now: Json): void {
    const field = (name: string): string => `${where}.${name}`
    for (const [name, schema] of Object.entries<Json>(was.properties ?? {})) {
      const same = now.properties?.[name]
      if (!same)
        breaks.push(`${field(name)} is gone`)
      else
        compare(field(name), side, schema, same)
      if (same && side === 'response' && was.required?.includes(name) && !now.required?.includes(name))
        breaks.push(`${field(name)} may be missing now`)
    }
    for (const name of side === 'request' ? now.required ?? [] : []) {
      if (!was.required?.includes(name))
        breaks.push(`${field(name)} is required now`)
    }
  }
}

/** Resolves a reference, and turns a choice between one schema and null into that schema with null among its types. */
function resolve(document: Json, schema: Json): Json {
  if (schema.$ref)
    return resolve(document, schema.$ref.slice(2).split('/').reduce((part: Json, key: string) => part[key], document))
  const choices: Json[] = schema.anyOf ?? []
  const others = choices.filter(choice => choice.type !== 'null').map(choice => resolve(document, choice))
  if (choices.length === 0)
    return schema
  return others.length === 1
    ? { ...others[0], type: [...new Set(choices.flatMap(choice => typesOf(resolve(document, choice))))] }
    : { ...schema, type: [...new Set([...others.flatMap(typesOf), ...choices.length > others.length ? ['null'] : []])] }
}

function typesOf(schema: Json): string[] {
  const types = schema.type ?? (valuesOf(schema) ? valuesOf(schema)!.map(value => value === null ? 'null' : typeof value) : [])
  return [types].flat().flatMap(type => type === 'number' ? ['number', 'integer'] : [type])
}

function valuesOf(schema: Json): unknown[] | undefined {
  return schema.const !== undefined ? [schema.const] : schema.enum
}

import type { ProblemType } from './problem.ts'
import type { ResponseDoc, Route } from './route.ts'
import { z } from 'zod'
import { GUIDE } from './openapi-guide.ts'
import { problemExample } from './problem-examples.ts'
import { PROBLEMS, retryAfterSeconds } from './problem.ts'
import { inputProblems, isOptional } from './route.ts'
import { named, Problem } from './schemas.ts'

const VERSION = '2.0.0'
/** Problems that any operation may send: errors in HTTP itself, and our own failures. */
const COMMON_PROBLEMS: ProblemType[] = [
  'invalid-parameter',
  'malformed-request',
  'request-timeout',
  'payload-too-large',
  'uri-too-long',
  'expectation-failed',
  'headers-too-large',
  'internal',
  'unavailable',
]

type Json = Record<string, unknown>

/** The OpenAPI 3.1 document of the operations, made from the schemas that check their requests. */
export function openApiDocument(routes: Route[]): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method]: operation(route),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Payments API',
      version: VERSION,
      description: GUIDE,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: '/' },
    ],
    paths,
    components: {
      schemas: namedSchemas(),
    },
  }
}

function operation(route: Route): Json {
  const problems: ProblemType[] = [
    ...inputProblems(route),
    ...(route.problems ?? []),
    ...COMMON_PROBLEMS,
  ]
  return {
    tags: [route.tag],
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description && { description: route.description }),
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...parameters('header', route.headers && z.object(Object.fromEntries(Object.entries(route.headers).map(([name, { schema }]) => [name, schema])))),
    ],
    ...(route.body && {
      requestBody: {
        required: !isOptional(route.body),
        content: {
          'application/json': {
            schema: inline(route.body),
          },
        },
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(route.responses).map(([status, described]) => [
        status,
        response(described),
      ])),
      ...Object.fromEntries([
        ...Map.groupBy(problems, type => PROBLEMS[type].status),
      ].map(([status, types]) => [
        status,
        {
          description: types.map(type => `\`/problems/${type}\`: ${PROBLEMS[type].title}`).join('; '),
          ...(types.some(type => retryAfterSeconds(type) !== undefined) && {
            headers: headers({ 'Retry-After': 'Seconds after which the same request may succeed' }),
          }),
          content: {
            'application/problem+json': {
              schema: inline(Problem),
              examples: Object.fromEntries(types.map(type => [type, { summary: PROBLEMS[type].title, value: problemExample(type) }])),
            },
          },
        },
      ])),
    },
  }
}

function response({ description, contentType = 'application/json', schema, headers: described }: ResponseDoc): Json {
  return {
    description,
    ...(described && {
      headers: headers(described),
    }),
    content: {
      [contentType]: {
        schema: schema ? inline(schema) : { type: 'string' },
      },
    },
  }
}

function headers(described: Record<string, string>): Json {
  return Object.fromEntries(Object.entries(described).map(([name, description]) => [
    name,
    {
      description,
      schema: { type: 'string' },
    },
  ]))
}

function parameters(place: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): Json[] {
  if (!schema)
    return []
  const { properties = {}, required = [] } = inline(schema) as { properties?: Record<string, Json>, required?: string[] }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }))
}

const uri = (id: string): string => `#/components/schemas/${id}`

/** A schema in JSON Schema; named ones within it, or itself, are references. */
function inline(schema: z.ZodType): Json {
  const id = named.get(schema)?.id
  if (id !== undefined) {
    return {
      $ref: uri(id),
    }
  }
  const { $schema, $defs, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    metadata: z.globalRegistry,
    override: abridge,
  })
  return rest
}

function namedSchemas(): Json {
  const { schemas } = z.toJSONSchema(named, { io: 'input', unrepresentable: 'any', uri }) as { schemas: Record<string, Json> }
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b)).map(([id, { $schema, $id, ...schema }]) => [id, schema]))
}

/** A named schema becomes a reference; the pattern of a date-time, which says no more than its format, is left out. */
function abridge({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType, jsonSchema: Json }): void {
  const id = named.get(zodSchema as z.ZodObject)?.id
  if (id !== undefined) {
    for (const key of Object.keys(jsonSchema))
      delete jsonSchema[key]
    jsonSchema.$ref = uri(id)
  }
  if (jsonSchema.format === 'date-time')
    delete jsonSchema.pattern
}

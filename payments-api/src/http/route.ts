import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { HeaderInput } from './check-input.ts'
import type { ProblemType } from './problem.ts'
import { Router } from 'express'
import { z } from 'zod'
import { checkBody, checkHeaders, checkParameters } from './check-input.ts'
import { jsonBody } from './json-body.ts'
import { sendProblem } from './problem.ts'

/** The form of a successful response, for the OpenAPI document. */
export interface ResponseDoc {
  description: string
  contentType?: string
  schema?: z.ZodType
  headers?: Record<string, string>
}

interface RouteDoc {
  method: 'get' | 'post'
  /** The group that the documentation shows it in. */
  tag: string
  operationId: string
  /** In OpenAPI's form: /payments/{id} */
  path: string
  summary: string
  description?: string
  responses: Record<number, ResponseDoc>
  /** The problems that are specific to this route, besides those of its input. */
  problems?: ProblemType[]
}

/** One operation of the API: its input, its responses and its handlers, defined once for the server and the document. */
export interface Route extends RouteDoc, RouteInput {
  handlers: RequestHandler[]
}

type Headers = Record<string, HeaderInput>

/** The schemas of an operation's input. They check every request and describe it in the document. */
interface RouteInput<Params = z.ZodObject | undefined, Query = Params, Headed = Headers | undefined, Body = z.ZodType | undefined> {
  params?: Params
  query?: Query
  /** Request headers besides those that every request has. */
  headers?: Headed
  /** A JSON body. A request may leave it out if an empty object is valid. A POST that defines none takes no fields. */
  body?: Body
}

const NoFields = z.strictObject({}, 'must be a JSON object')

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<never, never>

/**
 * Defines an operation. Parameters, headers and body are checked in this order, once the body has been read as JSON. The
 * first that is wrong is refused with its problem; `handle` gets the parsed values.
 */
export function defineRoute<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Headed extends Headers = Record<never, never>,
  Body extends z.ZodType | undefined = undefined,
>({ handle, ...route }: RouteDoc & RouteInput<Params, Query, Headed, Body> & {
  handle: (
    input: {
      params: Output<Params>
      query: Output<Query>
      headers: { [Name in keyof Headed]: z.output<Headed[Name]['schema']> }
      body: Output<Body>
    },
    req: Request,
    res: Response,
  ) => void | Promise<void>
}): Route {
  type Input = Parameters<typeof handle>[0]
  const { params, query, headers } = route
  const body = route.body ?? (route.method === 'post' ? NoFields : undefined)
  async function handler(req: Request, res: Response): Promise<void> {
    const checkedParams = params ? checkParameters(params, req.params, res) : {}
    const checkedQuery = checkedParams && (query || req.url.includes('?') ? checkParameters(query, req.query, res) : {})
    const checkedHeaders = checkedQuery && (headers ? checkHeaders(headers, res) : {})
    const checkedBody = checkedHeaders && (body ? checkBody(body, req.body === undefined ? {} : req.body, res) : {})
    if (checkedBody)
      await handle({ params: checkedParams, query: checkedQuery, headers: checkedHeaders, body: checkedBody } as Input, req, res)
  }
  return {
    ...route,
    ...(body && { body }),
    handlers: [...(body ? jsonBody({ optional: isOptional(body) }) : []), handler],
  }
}

/** Whether a request may leave out this body. */
export function isOptional(body: z.ZodType): boolean {
  return body.safeParse({}).success
}

/** The problems that checking an operation's headers and body can send. */
export function inputProblems({ headers = {}, body }: RouteInput): ProblemType[] {
  return [
    ...(body ? ['malformed-json', 'json-too-deep', 'unsupported-media-type', 'validation'] as const : []),
    ...Object.values(headers).flatMap(({ missing, malformed }) => [missing, malformed].filter(type => type !== undefined)),
  ]
}

/** Express' router for the operations. A method that a path does not have gets 405 and Allow. */
export function routerOf(routes: Pick<Route, 'method' | 'path' | 'handlers'>[]): Router {
  const router = Router({ caseSensitive: true, strict: true })
  for (const [path, operations] of Map.groupBy(routes, route => route.path)) {
    const expressPath = path.replaceAll(/\{(\w+)\}/g, ':$1')
    const express = router.route(expressPath)
    express.all((req: Request, _res: Response, next: NextFunction) => {
      req.routePath = path
      next()
    })
    for (const { method, handlers } of operations)
      express[method](...handlers)
    const allowed = operations.map(({ method }) => method === 'get' ? 'GET, HEAD' : method.toUpperCase()).join(', ')
    express.all((req: Request, res: Response) => {
      res.set('Allow', allowed)
      sendProblem(res, 'method-not-allowed', `${req.method} is not allowed here. Allowed: ${allowed}.`)
    })
  }
  return router
}

declare module 'express-serve-static-core' {
  interface Request {
    /** The path of the operation, in OpenAPI's form; undefined where there is none. For metrics. */
    routePath?: string
  }
}

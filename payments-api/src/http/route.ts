import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { z } from 'zod'
import type { ProblemType } from './problem.ts'
import { Router } from 'express'
import { NoParameters, parseParameters } from './parameters.ts'
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
  /** Request headers besides those that every request has. */
  headers?: Record<string, { description: string, required: boolean, schema: z.ZodType }>
  body?: z.ZodType
  responses: Record<number, ResponseDoc>
  /** The problems that are specific to this route. */
  problems?: ProblemType[]
}

/** One operation of the API: its input, its responses and its handler, defined once for the server and the document. */
export interface Route extends RouteDoc {
  params?: z.ZodObject
  query?: z.ZodObject
  handlers: RequestHandler[]
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<never, never>

/**
 * Defines an operation. Its path and query parameters are checked first: a wrong parameter gets 400, and
 * `handle` gets the parsed values.
 */
export function defineRoute<Params extends z.ZodObject | undefined = undefined, Query extends z.ZodObject | undefined = undefined>(
  { handle, before = [], ...doc }: RouteDoc & {
    params?: Params
    query?: Query
    /** Middleware that runs before, such as a body parser. */
    before?: RequestHandler[]
    handle: (input: { params: Output<Params>, query: Output<Query> }, req: Request, res: Response) => void | Promise<void>
  },
): Route {
  async function handler(req: Request, res: Response): Promise<void> {
    const params = doc.params ? parseParameters(doc.params, req.params, res) : {}
    const query = params && (doc.query || req.url.includes('?') ? parseParameters(doc.query ?? NoParameters, req.query, res) : {})
    if (params && query)
      await handle({ params: params as Output<Params>, query: query as Output<Query> }, req, res)
  }
  return {
    ...doc,
    handlers: [...before, handler],
  }
}

/** Express' router for the operations. A method that a path does not have gets 405 and Allow. */
export function routerOf(routes: Route[]): Router {
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
      sendProblem(res, 'method-not-allowed', `${req.method} is not allowed here; these are: ${allowed}.`)
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

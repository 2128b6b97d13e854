import type { H3Event } from 'h3'
import type { Problem } from '../../shared/types/problem.ts'
import type { ApiResult } from './payments-api.ts'

/** Sends the API's response to the browser, byte for byte, or the problem that replaces it. */
export function sendResponse(event: H3Event, result: ApiResult<unknown>): string {
  if (!result.ok)
    return sendProblem(event, result.problem, result.headers)
  setResponseStatus(event, result.status)
  setHeaders(event, { ...result.headers, 'content-type': 'application/json' })
  return result.text
}

/** Responds with application/problem+json and the problem's status. */
export function sendProblem(event: H3Event, problem: Problem, headers: Record<string, string> = {}): string {
  // If the browser has disconnected, its call was aborted on purpose: not an error.
  if (problem.status >= 500 && !event.node.res.destroyed) {
    console.error(JSON.stringify({
      level: 'error',
      msg: problem.title,
      instance: problem.instance,
      path: event.path,
    }))
  }
  setResponseStatus(event, problem.status)
  setHeaders(event, { ...headers, 'content-type': 'application/problem+json' })
  return JSON.stringify(problem)
}

function setHeaders(event: H3Event, { location, ...headers }: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers))
    event.node.res.setHeader(name, value)
  if (location !== undefined)
    event.node.res.setHeader('location', `/api${location}`)
  event.node.res.setHeader('cache-control', 'no-store')
}

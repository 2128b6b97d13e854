import type { Problem } from '../../shared/types/problem.ts'
import { randomUUID } from 'node:crypto'

/** The problems that this server creates. None reveals the API's address or its response. */
const PROBLEMS = {
  'not-found': { status: 404, title: 'There is nothing here' },
  'cross-site-request': { status: 403, title: 'The request came from another site' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'api-unreachable': { status: 502, title: 'The payments API cannot be reached' },
  'api-failed': { status: 502, title: 'The payments API failed' },
  'api-timeout': { status: 504, title: 'The payments API did not respond in time' },
} as const

/** Creates a problem. `instance` is the id that the API has logged; default: a new one. */
export function problem(type: keyof typeof PROBLEMS, detail: string, instance = `urn:uuid:${randomUUID()}`): Problem {
  const { status, title } = PROBLEMS[type]
  return {
    type: `/problems/${type}`,
    title,
    status,
    detail,
    instance,
  }
}

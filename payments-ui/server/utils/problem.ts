import type { Problem } from '../../shared/types/problem.ts'
import { randomUUID } from 'node:crypto'

/** The problems that this server itself answers. None tells where the API is or what it said. */
const PROBLEMS = {
  'not-found': { status: 404, title: 'There is nothing here' },
  'cross-site-request': { status: 403, title: 'The request came from another site' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'api-unreachable': { status: 502, title: 'The payments API cannot be reached' },
  'api-failed': { status: 502, title: 'The payments API failed' },
  'api-timeout': { status: 504, title: 'The payments API gave no answer in time' },
} as const

/** A problem with an `instance` of its own, or with the one under which the API has logged it. */
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

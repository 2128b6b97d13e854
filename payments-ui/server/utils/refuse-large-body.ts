import type { H3Event } from 'h3'
import { problem } from './problem.ts'
import { sendProblem } from './send-response.ts'

/** Generous: the API itself takes less. */
export const MAX_BODY_BYTES = 64 * 1024

/** Answers 413. The rest of the body is not read, so the connection cannot serve another request. */
export function refuseLargeBody(event: H3Event): string {
  return sendProblem(event, problem('payload-too-large', `A body may have ${MAX_BODY_BYTES} bytes.`), { connection: 'close' })
}

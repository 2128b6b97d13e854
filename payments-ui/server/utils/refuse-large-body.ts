import type { H3Event } from 'h3'
import { problem } from './problem.ts'
import { sendProblem } from './send-response.ts'

/** 64 KiB, the API's limit. */
export const MAX_BODY_BYTES = 64 * 1024

/** Responds with 413. The rest of the body is not read, so the connection cannot be reused. */
export function refuseLargeBody(event: H3Event): string {
  return sendProblem(event, problem('payload-too-large', `A body may have at most ${MAX_BODY_BYTES} bytes.`), { connection: 'close' })
}

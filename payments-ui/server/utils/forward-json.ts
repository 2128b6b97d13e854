import type { H3Event } from 'h3'
import type { ApiResult, JsonCall } from './payments-api.ts'

/** Forwards the browser's JSON to the API unchanged, and sends the API's response back. */
export async function forwardJson(event: H3Event, call: (json: JsonCall, signal: AbortSignal) => Promise<ApiResult<unknown>>): Promise<string> {
  const body = await readBodyText(event.node.req, MAX_BODY_BYTES)
  return body === undefined
    ? refuseLargeBody(event)
    : sendResponse(event, await call({ body, contentType: getHeader(event, 'content-type') }, disconnectSignal(event.node.res)))
}

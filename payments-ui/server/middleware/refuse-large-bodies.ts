/** Applies to every route. A body without Content-Length is measured while it is read. */
export default defineEventHandler((event) => {
  if (Number(getHeader(event, 'content-length') ?? 0) > MAX_BODY_BYTES)
    return refuseLargeBody(event)
})

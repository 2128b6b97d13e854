/** Wherever it is sent to; one that does not tell its length is measured where it is read. */
export default defineEventHandler((event) => {
  if (Number(getHeader(event, 'content-length') ?? 0) > MAX_BODY_BYTES)
    return refuseLargeBody(event)
})

/** The API's event stream. `?after=` replaces Last-Event-ID, a header that a page cannot set on a new EventSource. */
export default defineEventHandler(async (event) => {
  const after = getHeader(event, 'last-event-id') ?? getRequestURL(event).searchParams.get('after') ?? undefined
  const result = await usePaymentsApi().openEvents(after, disconnectSignal(event.node.res))
  if (!result.ok)
    return sendResponse(event, result)
  await relayEvents(result.body, event.node.res)
})

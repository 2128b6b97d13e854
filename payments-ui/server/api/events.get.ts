/** The API's event stream. `?after=` does what Last-Event-ID does, for a page that opens its stream anew. */
export default defineEventHandler(async (event) => {
  const after = getHeader(event, 'last-event-id') ?? getRequestURL(event).searchParams.get('after') ?? undefined
  const result = await usePaymentsApi().openEvents(after, disconnectSignal(event.node.res))
  if (!result.ok)
    return sendResponse(event, result)
  await relayEvents(result.body, event.node.res)
})

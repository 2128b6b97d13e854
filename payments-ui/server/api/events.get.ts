/** The API's event stream. `?after=` does what Last-Event-ID does, for a page that opens its stream anew. */
export default defineEventHandler(async (event) => {
  const after = getHeader(event, 'last-event-id') ?? getRequestURL(event).searchParams.get('after') ?? undefined
  const answer = await usePaymentsApi().openEvents(after, untilClosed(event.node.res))
  if (!answer.ok)
    return sendAnswer(event, answer)
  await relayEvents(answer.body, event.node.res)
})

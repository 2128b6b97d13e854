export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().listEntries(getRouterParam(event, 'id', { decode: true }) ?? '', getRequestURL(event).searchParams, untilClosed(event.node.res))))

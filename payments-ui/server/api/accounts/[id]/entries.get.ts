export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().listEntries(getRouterParam(event, 'id', { decode: true }) ?? '', getRequestURL(event).searchParams, disconnectSignal(event.node.res))))

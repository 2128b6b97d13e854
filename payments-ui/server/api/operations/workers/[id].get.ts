export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().worker(getRouterParam(event, 'id', { decode: true }) ?? '', getRequestURL(event).searchParams, disconnectSignal(event.node.res))))

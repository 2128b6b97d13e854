export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().retryJob(getRouterParam(event, 'id', { decode: true }) ?? '', disconnectSignal(event.node.res))))

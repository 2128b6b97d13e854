export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().findAccount(getRouterParam(event, 'id', { decode: true }) ?? '', disconnectSignal(event.node.res))))

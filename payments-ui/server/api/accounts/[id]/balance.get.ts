export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().accountBalance(getRouterParam(event, 'id', { decode: true }) ?? '', disconnectSignal(event.node.res))))

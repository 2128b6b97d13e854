export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().accountHistory(getRouterParam(event, 'id', { decode: true }) ?? '', disconnectSignal(event.node.res))))

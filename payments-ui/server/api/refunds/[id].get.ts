export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().findRefund(getRouterParam(event, 'id', { decode: true }) ?? '', disconnectSignal(event.node.res))))

export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().findPayment(getRouterParam(event, 'id', { decode: true }) ?? '', disconnectSignal(event.node.res))))

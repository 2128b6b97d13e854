export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().findPayment(getRouterParam(event, 'id', { decode: true }) ?? '', untilClosed(event.node.res))))

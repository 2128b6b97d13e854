export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().accountBalance(getRouterParam(event, 'id', { decode: true }) ?? '', untilClosed(event.node.res))))

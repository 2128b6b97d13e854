export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().findAccount(getRouterParam(event, 'id', { decode: true }) ?? '', untilClosed(event.node.res))))

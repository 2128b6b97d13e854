export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().retryJob(getRouterParam(event, 'id', { decode: true }) ?? '', untilClosed(event.node.res))))

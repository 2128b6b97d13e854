export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().operations(untilClosed(event.node.res))))

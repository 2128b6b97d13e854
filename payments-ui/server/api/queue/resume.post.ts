export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().resumeQueue(untilClosed(event.node.res))))

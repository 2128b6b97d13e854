/** Whether the API is ready, which it is while it reaches its database. */
export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().ready(untilClosed(event.node.res))))

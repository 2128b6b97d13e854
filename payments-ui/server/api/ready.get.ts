/** Whether the API is ready, which it is while it reaches its database. */
export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().ready(disconnectSignal(event.node.res))))

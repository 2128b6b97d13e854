/** Whether the API is ready, that is, reaches its database. */
export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().ready(disconnectSignal(event.node.res))))

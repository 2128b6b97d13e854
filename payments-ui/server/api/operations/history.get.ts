export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().operationsHistory(getRequestURL(event).searchParams, disconnectSignal(event.node.res))))

export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().listPayments(getRequestURL(event).searchParams, disconnectSignal(event.node.res))))

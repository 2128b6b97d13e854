export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().listAccounts(getRequestURL(event).searchParams, disconnectSignal(event.node.res))))

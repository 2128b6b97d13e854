export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().operations(disconnectSignal(event.node.res))))

export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().deadJobGroups(disconnectSignal(event.node.res))))

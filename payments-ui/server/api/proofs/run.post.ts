export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().runProofs(disconnectSignal(event.node.res))))

export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().proofs(disconnectSignal(event.node.res))))

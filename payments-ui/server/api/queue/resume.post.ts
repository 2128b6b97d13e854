export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().resumeQueue(disconnectSignal(event.node.res))))

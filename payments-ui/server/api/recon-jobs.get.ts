export default defineEventHandler(async event =>
  sendResponse(event, await usePaymentsApi().listJobs(getRequestURL(event).searchParams, disconnectSignal(event.node.res))))

export default defineEventHandler(async event =>
  forwardJson(event, (json, signal) => usePaymentsApi().retryJobs(json, signal)))

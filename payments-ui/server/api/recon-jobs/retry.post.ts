export default defineEventHandler(async event =>
  passBody(event, (json, signal) => usePaymentsApi().retryJobs(json, signal)))

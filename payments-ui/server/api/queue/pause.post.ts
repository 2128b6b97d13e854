export default defineEventHandler(async event =>
  passBody(event, (json, signal) => usePaymentsApi().pauseQueue(json, signal)))

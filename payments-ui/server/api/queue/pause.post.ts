export default defineEventHandler(async event =>
  forwardJson(event, (json, signal) => usePaymentsApi().pauseQueue(json, signal)))

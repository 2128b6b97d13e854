export default defineEventHandler(async event =>
  forwardJson(event, (json, signal) => usePaymentsApi().createPayment({
    ...json,
    idempotencyKey: getHeader(event, 'idempotency-key'),
  }, signal)))

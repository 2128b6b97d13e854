export default defineEventHandler(async event =>
  passBody(event, (json, signal) => usePaymentsApi().createPayment({
    ...json,
    idempotencyKey: getHeader(event, 'idempotency-key'),
  }, signal)))

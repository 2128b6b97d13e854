export default defineEventHandler(async event =>
  forwardJson(event, (json, signal) => usePaymentsApi().createRefund(getRouterParam(event, 'id', { decode: true }) ?? '', {
    ...json,
    idempotencyKey: getHeader(event, 'idempotency-key'),
  }, signal)))

export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().listPayments(getRequestURL(event).searchParams, untilClosed(event.node.res))))

export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().listAccounts(getRequestURL(event).searchParams, untilClosed(event.node.res))))

export default defineEventHandler(async event =>
  sendAnswer(event, await usePaymentsApi().listJobs(getRequestURL(event).searchParams, untilClosed(event.node.res))))

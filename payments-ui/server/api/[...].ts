/** What no other route under /api takes. */
export default defineEventHandler(event =>
  sendProblem(event, problem('not-found', `${event.method} ${getRequestURL(event).pathname} is not a route of this console.`)))

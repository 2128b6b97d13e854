/** The fallback for unknown routes under /api. */
export default defineEventHandler(event =>
  sendProblem(event, problem('not-found', `${event.method} ${getRequestURL(event).pathname} is not a route of this console.`)))

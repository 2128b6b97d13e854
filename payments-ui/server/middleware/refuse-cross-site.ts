/** Keeps other sites' pages from making changes through a user's browser. */
export default defineEventHandler((event) => {
  if (event.method === 'GET' || event.method === 'HEAD' || event.method === 'OPTIONS')
    return
  const { 'sec-fetch-site': secFetchSite, origin, host } = getHeaders(event)
  if (isCrossSite({ secFetchSite, origin, host }))
    return sendProblem(event, problem('cross-site-request', 'Only the console\'s own pages may make changes.'))
})

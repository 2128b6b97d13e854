/** Another site's page cannot make a person's browser change anything here. */
export default defineEventHandler((event) => {
  if (event.method === 'GET' || event.method === 'HEAD' || event.method === 'OPTIONS')
    return
  const { 'sec-fetch-site': secFetchSite, origin, host } = getHeaders(event)
  if (isCrossSite({ secFetchSite, origin, host }))
    return sendProblem(event, problem('cross-site-request', 'Only the console\'s own pages can change something here.'))
})

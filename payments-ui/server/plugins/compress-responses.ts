/** Pages and answers of the API are compressed as they are sent. Files were compressed by the build; streams never come here. */
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('beforeResponse', async (event, response) => {
    if (event.node.res.headersSent)
      return
    event.node.res.appendHeader('vary', 'accept-encoding')
    const compressed = await gzipText(response.body, event.node.req.headers['accept-encoding'])
    if (compressed) {
      event.node.res.setHeader('content-encoding', 'gzip')
      response.body = compressed
    }
  })
})

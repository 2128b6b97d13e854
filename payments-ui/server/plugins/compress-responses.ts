/** Compresses pages and the API's responses. The build has already compressed static files, and streams skip this hook. */
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

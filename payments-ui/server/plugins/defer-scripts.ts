/** The page comes rendered, and needs no script to be seen. nuxt-security comes after this, and gives what starts them its nonce. */
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('render:html', (html) => {
    html.head = deferScripts(html.head)
  })
})

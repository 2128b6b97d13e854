/** A rendered page can be seen without scripts. nuxt-security runs after this and adds its nonce to the inline script. */
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('render:html', (html) => {
    html.head = deferScripts(html.head)
  })
})

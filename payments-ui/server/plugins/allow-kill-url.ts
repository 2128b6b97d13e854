/** Lets pages call the harness's kill switch, if there is one. By default they can call only this server. */
export default defineNitroPlugin((nitroApp) => {
  const killUrl = String(useRuntimeConfig().public.killUrl)
  if (killUrl === '')
    return
  nitroApp.hooks.hook('nuxt-security:routeRules', (rules) => {
    const policy = rules['/**']?.headers && rules['/**'].headers.contentSecurityPolicy
    if (policy)
      policy['connect-src'] = ['\'self\'', killUrl]
  })
})

import process from 'node:process'

/** Stops a server with an invalid API URL at startup, not at the first request. */
export default defineNitroPlugin(() => {
  const apiUrl = String(useRuntimeConfig().apiUrl)
  if (URL.canParse(apiUrl) && /^https?:$/.test(new URL(apiUrl).protocol))
    return
  console.error(`NUXT_API_URL must be an http or https URL such as http://127.0.0.1:3001, not ${JSON.stringify(apiUrl)}.`)
  process.exit(1)
})

import process from 'node:process'

/** On shutdown, Nitro waits for open connections, and event streams never end on their own. */
export default defineNitroPlugin(() => {
  process.once('SIGTERM', closeEventStreams)
  process.once('SIGINT', closeEventStreams)
})

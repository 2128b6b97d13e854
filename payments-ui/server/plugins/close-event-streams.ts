import process from 'node:process'

/** On the signals that stop the server. Nitro waits for open connections, and event streams never end by themselves. */
export default defineNitroPlugin(() => {
  process.once('SIGTERM', closeEventStreams)
  process.once('SIGINT', closeEventStreams)
})

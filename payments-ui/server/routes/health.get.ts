/** Responds while the process is alive, whatever the API's state. */
export default defineEventHandler(() => ({ status: 'ok' }))

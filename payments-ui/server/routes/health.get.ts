/** Answers while the process lives, whatever the API does. */
export default defineEventHandler(() => ({ status: 'ok' }))

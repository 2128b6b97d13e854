/** Callers are not distinguished yet: all share one namespace of idempotency keys. */
export const CALLER = 'anonymous'

/** The database is unavailable, or the connection broke. No job caused it, and a later try may succeed. */
export class DatabaseUnavailableError extends Error {}

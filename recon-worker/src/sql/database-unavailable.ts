/** The database is unavailable or the connection broke: not caused by a job, and it may pass. */
export class DatabaseUnavailableError extends Error {}

/** Nothing can be had from the database now, or the connection to it broke: no job's fault, and it may pass. */
export class DatabaseUnavailableError extends Error {}

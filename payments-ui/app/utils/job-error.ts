/** A job's last error as a sentence of a list. The database may have refused the job without a text. */
export function jobError(error: string | null): string {
  return error || 'No error was recorded.'
}

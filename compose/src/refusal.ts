/**
 * An expected failure: a taken port, a wrong setting, a part that does not start. The message is one line that says what is
 * wrong and what to do; `details` are further lines, such as the end of a log.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly details: readonly string[]

  constructor(line: string, details: readonly string[] = []) {
    super(line)
    this.details = details
  }
}

/** What programs print, and Node's errors say, when a disk is full or the user's quota is used up. */
const DISK_FULL = /\b(?:ENOSPC|EDQUOT)\b|No space left on device|Check free disk space|Disk quota exceeded/i
export const DISK_FULL_LINE = 'The disk is full: `df -h` shows which one. Free some space, or choose a data folder on another disk with DATA_DIR=folder.'

/** Converts any error to a Refusal. A full disk gets one line. An unexpected error is a bug: its stack becomes the details. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) {
    const isUnexplained = [error.message, ...error.details].some(line => DISK_FULL.test(line)) && !error.message.includes(DISK_FULL_LINE)
    return isUnexplained ? new Refusal(`${error.message}. ${DISK_FULL_LINE}`, error.details) : error
  }
  if (DISK_FULL.test(String(error)))
    return new Refusal(`${DISK_FULL_LINE} The error: ${(error as Error).message}`)
  const [line, ...stack] = (error instanceof Error && error.stack ? error.stack : String(error)).split('\n')
  return new Refusal(line!, stack)
}

/** Formats an error with its details, for a person. */
export function explain(error: unknown): string {
  const { message, details } = asRefusal(error)
  return [
    message,
    ...details.map(line => `  | ${line}`),
  ].join('\n')
}

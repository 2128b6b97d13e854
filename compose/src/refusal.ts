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

/** Converts any error to a Refusal. An unexpected error is a bug: its stack becomes the details. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal)
    return error
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

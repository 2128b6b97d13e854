/**
 * An expected failure: a taken port, a wrong setting, a part that does not start. Its message is one line that says
 * what is wrong and what to do about it; `details` are further lines, such as the last ones of a log.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly details: readonly string[]

  constructor(line: string, details: readonly string[] = []) {
    super(line)
    this.details = details
  }
}

/** Any error as a refusal. One that was not expected is a bug: its stack are the details. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal)
    return error
  const [line, ...stack] = (error instanceof Error && error.stack ? error.stack : String(error)).split('\n')
  return new Refusal(line!, stack)
}

/** All of an error, for a person. */
export function explain(error: unknown): string {
  const { message, details } = asRefusal(error)
  return [
    message,
    ...details.map(line => `  | ${line}`),
  ].join('\n')
}

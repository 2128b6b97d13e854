import type { Config } from './config.ts'
import { styleText } from 'node:util'
import { readConfig } from './config.ts'
import { explain } from './refusal.ts'

/** Runs a verb as this process: reads the settings, prints errors, and exits with the verb's code, or 1 on an error. */
export async function runVerb(verb: (config: Config) => Promise<number>): Promise<never> {
  // A closed pipe, as in `make up | head`, must not stop the verb halfway.
  process.stdout.on('error', () => {})
  try {
    process.exit(await verb(readConfig()))
  }
  catch (error) {
    const [line, ...details] = explain(error).split('\n')
    console.error([styleText('red', line!, { stream: process.stderr }), ...details].join('\n'))
    process.exit(1)
  }
}

/** Aborts when this process is told to stop: by a Ctrl-C, by SIGTERM or by a closed terminal. `onFirst` runs at the first signal. */
export function abortOnSignals(onFirst = () => {}): AbortController {
  const interrupted = new AbortController()
  interrupted.signal.addEventListener('abort', onFirst)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort()) // the handler stays, so that a second signal does not interrupt the cleanup
  return interrupted
}

/** Formats milliseconds for a person: `0.42 s`, `12.3 s`, `4 min 5 s`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 90)
    return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
  if (seconds < 90 * 60)
    return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** Says that a variable of the shell is not used, where somebody may expect that it is: other programs share its name. */
export function warnIfIgnored(variable: string, ours: string): void {
  if (process.env[variable] && !process.env[ours])
    console.error(`${variable} is set but not used. To check another system than the one that runs here, set ${ours}.`)
}

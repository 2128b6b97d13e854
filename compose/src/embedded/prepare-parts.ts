import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { repoRoot } from '../config.ts'
import { endOnAbort } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'

/** A new machine downloads every dependency first. */
const TIMEOUT_MS = 30 * 60_000

/**
 * Installs what parts need that run as processes, if it is missing or out of date: `make parts` also builds the console, `make
 * dependencies` does not. Containers use images instead.
 */
export async function prepareParts(target: 'parts' | 'dependencies', signal = new AbortController().signal): Promise<void> {
  // The make that started this verb set these. They would share its job server, and print the folders and `make[1]`.
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, ...env } = process.env
  const deadline = AbortSignal.timeout(TIMEOUT_MS)
  const make = spawn('make', ['--silent', target], { cwd: repoRoot, env, stdio: ['ignore', 'inherit', 'inherit'] })
  endOnAbort(make, AbortSignal.any([signal, deadline]))
  const line = await once(make, 'exit').then(([code]) => code === 0 ? null : 'The parts could not be installed or built. The reason is above.', (error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? 'make is not installed. It installs and builds the parts, so install it first.' : `make did not start: ${error.message}`)
  if (signal.aborted)
    throw new Refusal('Stopped. Nothing was started.')
  if (deadline.aborted)
    throw new Refusal(`The parts were not installed and built within ${TIMEOUT_MS / 60_000} minutes. Check the network, then run \`make up\` again.`)
  if (line !== null)
    throw new Refusal(line)
}

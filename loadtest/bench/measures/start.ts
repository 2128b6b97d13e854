import type { Course, Figures, Measure } from '../measure.ts'
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { repoRoot } from '../../../compose/src/config.ts'
import { freePort } from '../../../compose/src/machine/ports.ts'

const TIMEOUT_MS = 1_200_000

export const starting: Measure = {
  name: 'start',
  title: 'make up, to every part being healthy',
  how: 'Cold: in a new clone, where nothing is installed, the console is not built and there is no database; npm has what it once downloaded in its cache. Warm: again, after make down.',
  goals: [],
  run: async (course) => {
    const parent = mkdtempSync(join(tmpdir(), 'payments-bench-'))
    course.resources.defer(() => rmSync(parent, { recursive: true, force: true }))
    chmodSync(parent, 0o711) // as root, Postgres runs as another user
    const clone = join(parent, 'clone')
    const make = (...args: string[]): Promise<void> => run('make', ['-C', clone, ...args])
    course.resources.defer(() => make('reset').catch(() => {})) // there may be no clone
    const settings = ['MODE=embedded', `PGPORT=${await freePort()}`, `API_PORT=${await freePort()}`, `UI_PORT=${await freePort()}`]

    const up = async (): Promise<Figures> => {
      const begin = performance.now()
      await run('make', ['-C', clone, 'up', ...settings], course)
      const seconds = (performance.now() - begin) / 1_000
      await make('down')
      return { seconds }
    }
    await course.compare({
      cold: async () => {
        await make('reset').catch(() => {})
        rmSync(clone, { recursive: true, force: true })
        await run('git', ['clone', '--quiet', repoRoot, clone], course)
        return await up()
      },
      warm: up,
    })
  },
}

/** Runs a command as a shell that knows nothing of this tree would. */
async function run(command: string, args: string[], course?: Course): Promise<void> {
  const { HOME, PATH = '' } = process.env
  const env = { HOME, PATH: PATH.split(delimiter).filter(folder => !folder.startsWith(repoRoot)).join(delimiter) }
  await promisify(execFile)(command, args, { env, timeout: TIMEOUT_MS, signal: course?.signal, maxBuffer: 16 * 1024 ** 2 })
}

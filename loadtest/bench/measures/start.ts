import type { Figures, Measure, MeasureContext } from '../measure.ts'
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
  title: 'make up, until every part is healthy',
  how: 'Cold: in a new clone with nothing installed, no console build and no database; npm may use its cache. Warm: again after make down.',
  goals: [],
  run: async (context) => {
    const parent = mkdtempSync(join(tmpdir(), 'payments-bench-'))
    context.resources.defer(() => rmSync(parent, { recursive: true, force: true }))
    chmodSync(parent, 0o711) // started by root, Postgres runs as another user
    const clone = join(parent, 'clone')
    const make = (...args: string[]): Promise<void> => run('make', ['-C', clone, ...args])
    context.resources.defer(() => make('reset').catch(() => {})) // the clone may not exist
    const settings = ['MODE=embedded', `PGPORT=${await freePort()}`, `API_PORT=${await freePort()}`, `UI_PORT=${await freePort()}`]

    const up = async (): Promise<Figures> => {
      const startedAt = performance.now()
      await run('make', ['-C', clone, 'up', ...settings], context)
      const seconds = (performance.now() - startedAt) / 1_000
      await make('down')
      return { seconds }
    }
    await context.compare({
      cold: async () => {
        await make('reset').catch(() => {})
        rmSync(clone, { recursive: true, force: true })
        await run('git', ['clone', '--quiet', repoRoot, clone], context)
        return await up()
      },
      warm: up,
    })
  },
}

/** Runs a command without this tree's variables and PATH entries, as a new shell would. */
async function run(command: string, args: string[], context?: MeasureContext): Promise<void> {
  const { HOME, PATH = '' } = process.env
  const env = { HOME, PATH: PATH.split(delimiter).filter(folder => !folder.startsWith(repoRoot)).join(delimiter) }
  await promisify(execFile)(command, args, { env, timeout: TIMEOUT_MS, signal: context?.signal, maxBuffer: 16 * 1024 ** 2 })
}

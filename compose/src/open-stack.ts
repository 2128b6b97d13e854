import type { Config } from './config.ts'
import type { Stack } from './stack.ts'
import { existsSync } from 'node:fs'
import { DataFolder } from './data/data-folder.ts'
import { ComposeStack } from './docker/compose-stack.ts'
import { checkEngine } from './docker/engine.ts'
import { EmbeddedStack } from './embedded/embedded-stack.ts'
import { Refusal } from './refusal.ts'

/** The two implementations of a stack, one per mode. */
export function stacks(config: Config): Record<'embedded' | 'compose', Stack> {
  return { embedded: new EmbeddedStack(config), compose: new ComposeStack(config) }
}

/** Returns the stack that MODE selects, else the running one. If nothing runs, either stack reports that. */
export function openStack(config: Config): Stack {
  const { embedded, compose } = stacks(config)
  if (config.mode)
    return config.mode === 'compose' ? compose : embedded
  return !embedded.exists() && compose.exists() ? compose : embedded
}

type Mode = NonNullable<Config['mode']>

/**
 * Chooses the mode for `make up`: MODE if set, else the mode that is running, else containers if Docker is available. Prints
 * the choice if it depended on Docker. Throws a Refusal if the system is already running in a mode other than MODE.
 */
export function chooseMode(config: Config, say: (line: string) => void): Mode {
  const both = stacks(config)
  const running = (['embedded', 'compose'] as const).find(mode => both[mode].exists())
  if (config.mode) {
    if (running && running !== config.mode)
      throw new Refusal(`The system already runs with MODE=${running}. Run \`make down\` first, or leave MODE out.`)
    return config.mode
  }
  if (running)
    return running
  const { problem, remedy } = checkEngine(config.dockerEnv)
  if (problem !== null) {
    say(`${problem}, so the system starts as plain processes (MODE=embedded). ${remedy}`)
    return 'embedded'
  }
  const data = existsSync(new DataFolder(config.dataDir).postgres) ? ' The data of MODE=embedded is kept, but only `make up MODE=embedded` uses it.' : ''
  say(`A Docker engine is running, so the system starts in containers (MODE=compose).${data}`)
  return 'compose'
}

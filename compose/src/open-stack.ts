import type { Config } from './config.ts'
import type { Stack } from './stack.ts'
import { existsSync } from 'node:fs'
import { DataFolder } from './data/data-folder.ts'
import { ComposeStack } from './docker/compose-stack.ts'
import { askEngine } from './docker/engine.ts'
import { EmbeddedStack } from './embedded/embedded-stack.ts'
import { Refusal } from './refusal.ts'

/** Both ways to run the system. What is there of one of them shows which one runs. */
export function stacks(config: Config): Record<'embedded' | 'compose', Stack> {
  return { embedded: new EmbeddedStack(config), compose: new ComposeStack(config) }
}

/** The stack that MODE asks for, else the one that runs here. When nothing runs it does not matter: each says so. */
export function openStack(config: Config): Stack {
  const { embedded, compose } = stacks(config)
  if (config.mode)
    return config.mode === 'compose' ? compose : embedded
  return !embedded.exists() && compose.exists() ? compose : embedded
}

type Mode = NonNullable<Config['mode']>

/**
 * How `make up` runs the system: as MODE says, else as it runs already, else in containers where that is possible. Says
 * why in a line, unless it was asked for. Throws a Refusal where the other one runs.
 */
export function chooseMode(config: Config, say: (line: string) => void): Mode {
  const both = stacks(config)
  const running = (['embedded', 'compose'] as const).find(mode => both[mode].exists())
  if (config.mode) {
    if (running && running !== config.mode)
      throw new Refusal(`the system runs here already, with MODE=${running}: make down first`)
    return config.mode
  }
  if (running)
    return running
  const { problem } = askEngine(config.callerEnv)
  if (problem !== null) {
    say(`No containers: ${problem}. The parts run as plain processes on an embedded Postgres (MODE=embedded).`)
    return 'embedded'
  }
  const data = existsSync(new DataFolder(config.dataDir).postgres) ? ' The data of MODE=embedded stays where it is, and is not used.' : ''
  say(`A Docker engine answers: the parts run in containers (MODE=compose).${data}`)
  return 'compose'
}

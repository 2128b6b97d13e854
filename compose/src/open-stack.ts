import type { Config } from './config.ts'
import type { Stack } from './stack.ts'
import { EmbeddedStack } from './embedded-stack.ts'
import { Refusal } from './refusal.ts'

/** The stack that the settings ask for. */
export function openStack(config: Config): Stack {
  if (config.mode === 'compose')
    throw new Refusal('MODE=compose comes in a later version: leave MODE out, or say MODE=embedded')
  return new EmbeddedStack(config)
}

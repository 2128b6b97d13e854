import type { Config } from './config.ts'
import type { Stack } from './stack.ts'
import { ComposeStack } from './compose-stack.ts'
import { EmbeddedStack } from './embedded-stack.ts'

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

import type { Config } from '../../compose/src/config.ts'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedStack } from '../../compose/src/embedded/embedded-stack.ts'
import { freePort } from '../../compose/src/machine/ports.ts'

export interface OwnStack {
  stack: EmbeddedStack
  /** Stops it and removes its folder, whether it was started or not. */
  remove: () => Promise<void>
}

/** A system beside whatever runs here, not started yet: free ports, a new database in a temporary folder of its own. */
export async function ownStack(config: Config, folder: string): Promise<OwnStack> {
  const parent = mkdtempSync(join(tmpdir(), folder))
  chmodSync(parent, 0o711) // as root, Postgres runs as another user
  const stack = new EmbeddedStack({
    ...config,
    ports: { postgres: await freePort(), api: await freePort(), ui: await freePort() },
    dataDir: join(parent, 'data'),
    logLevel: 'warn',
  })
  return {
    stack,
    remove: async () => {
      try {
        await stack.reset()
      }
      finally {
        rmSync(parent, { recursive: true, force: true })
      }
    },
  }
}

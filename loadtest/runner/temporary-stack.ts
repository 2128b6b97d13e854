import type { ChaosSetting, Config } from '../../compose/src/config.ts'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedStack } from '../../compose/src/embedded/embedded-stack.ts'
import { freePort } from '../../compose/src/machine/ports.ts'

export interface TemporaryStack {
  stack: EmbeddedStack
  ports: Config['ports']
  /** Stops the stack and deletes its folder, whether or not it was started. */
  remove: () => Promise<void>
}

/**
 * Prepares, but does not start, a stack that shares nothing with a running one: free ports, a new database, a temporary folder.
 * `chaos` may put further files into that folder.
 */
export async function temporaryStack(config: Config, folderPrefix: string, chaos?: (folder: string) => ChaosSetting): Promise<TemporaryStack> {
  const parent = mkdtempSync(join(tmpdir(), folderPrefix))
  chmodSync(parent, 0o711) // started by root, Postgres runs as another user
  const ports = { postgres: await freePort(), api: await freePort(), ui: await freePort() }
  const stack = new EmbeddedStack({
    ...config,
    ports,
    chaos: chaos?.(parent),
    dataDir: join(parent, 'data'),
    logLevel: 'warn',
  })
  return {
    stack,
    ports,
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

import type { ChaosSetting, Config } from '../../compose/src/config.ts'
import type { Stack } from '../../compose/src/stack.ts'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ComposeStack } from '../../compose/src/docker/compose-stack.ts'
import { EmbeddedStack } from '../../compose/src/embedded/embedded-stack.ts'
import { freePort } from '../../compose/src/machine/ports.ts'

/** A stack that shares nothing with a running one: free ports, a new database, a temporary folder. */
export interface TemporaryStack<S extends Stack = EmbeddedStack> {
  stack: S
  ports: Config['ports']
  /** Stops the stack and deletes its folder, whether or not it was started. */
  remove: () => Promise<void>
}

/** Prepares, but does not start, a temporary stack of processes. `chaos` may put further files into its folder. */
export async function temporaryStack(config: Config, folderPrefix: string, chaos?: (folder: string) => ChaosSetting): Promise<TemporaryStack> {
  return prepare(folderPrefix, (own, folder) => new EmbeddedStack({ ...config, ...own, chaos: chaos?.(folder) }))
}

/** Prepares, but does not start, a temporary stack of containers with a wire, whose control listens on this port. */
export async function temporaryContainers(config: Config, folderPrefix: string, wireControlPort: number): Promise<TemporaryStack<ComposeStack>> {
  return prepare(folderPrefix, own => new ComposeStack({ ...config, ...own, wireControlPort, named: new Set(['WORKERS', 'APIS', 'PGPORT', 'API_PORT', 'UI_PORT']) }))
}

async function prepare<S extends Stack>(folderPrefix: string, create: (own: Pick<Config, 'ports' | 'dataDir' | 'logLevel'>, folder: string) => S): Promise<TemporaryStack<S>> {
  const folder = mkdtempSync(join(tmpdir(), folderPrefix))
  chmodSync(folder, 0o711) // started by root, Postgres runs as another user
  const ports = { postgres: await freePort(), api: await freePort(), ui: await freePort() }
  const stack = create({ ports, dataDir: join(folder, 'data'), logLevel: 'warn' }, folder)
  return {
    stack,
    ports,
    remove: async () => {
      try {
        await stack.reset()
      }
      finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

import type { Course } from './measure.ts'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '../../compose/src/config.ts'
import { EmbeddedStack } from '../../compose/src/embedded-stack.ts'
import { freePort } from '../../compose/src/ports.ts'

export interface BenchStack {
  stack: EmbeddedStack
  apiUrl: string
  /** Of a superuser, to any database of the stack's Postgres. */
  databaseUrl: (name: string) => string
  /** Of a superuser, to the system's own database. */
  database: pg.Client
}

/** Starts a system for one measure: free ports, a new database in a folder of its own, removed at the end whatever happens. */
export async function startStack({ resources, signal, progress }: Course): Promise<BenchStack> {
  progress('starting a system for it')
  const parent = mkdtempSync(join(tmpdir(), 'payments-bench-'))
  resources.defer(() => rmSync(parent, { recursive: true, force: true }))
  chmodSync(parent, 0o711) // as root, Postgres runs as another user
  const { PATH = '', HOME = '' } = process.env
  const [PGPORT, API_PORT, UI_PORT] = [String(await freePort()), String(await freePort()), String(await freePort())]
  const stack = new EmbeddedStack(readConfig({ PATH, HOME, PGPORT, API_PORT, UI_PORT, DATA_DIR: join(parent, 'data'), LOG_LEVEL: 'warn' }))
  resources.defer(() => stack.reset())
  await stack.start(() => {}, signal)
  const databaseUrl = (name: string): string => `postgres://postgres@127.0.0.1:${PGPORT}/${name}`
  return { stack, apiUrl: stack.endpoints().api, databaseUrl, database: await connect(databaseUrl('payments'), resources) }
}

/** A connection that ends with the measure. */
export async function connect(connectionString: string, resources: AsyncDisposableStack): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {}) // lost: the next query fails and says so
  await client.connect()
  resources.defer(() => client.end())
  return client
}

/** The process of a part of the system. */
export async function pidOf({ stack }: BenchStack, part: string): Promise<number> {
  const found = (await stack.parts()).find(({ name }) => name === part)
  if (!found?.pid)
    throw new Error(`${part} does not run`)
  return found.pid
}

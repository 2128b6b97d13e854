import type { EmbeddedStack } from '../../compose/src/embedded/embedded-stack.ts'
import type { Course } from './measure.ts'
import pg from 'pg'
import { readConfig } from '../../compose/src/config.ts'
import { temporaryStack } from '../runner/temporary-stack.ts'

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
  const { PATH = '', HOME = '' } = process.env
  const { stack, remove } = await temporaryStack(readConfig({ PATH, HOME }), 'payments-bench-')
  resources.defer(remove)
  await stack.start(() => {}, signal)
  const { api, postgresPort } = stack.endpoints()
  const databaseUrl = (name: string): string => `postgres://postgres@127.0.0.1:${postgresPort}/${name}`
  return { stack, apiUrl: api, databaseUrl, database: await connect(databaseUrl('payments'), resources) }
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

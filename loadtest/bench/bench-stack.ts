import type { EmbeddedStack } from '../../compose/src/embedded/embedded-stack.ts'
import type { MeasureContext } from './measure.ts'
import pg from 'pg'
import { readConfig } from '../../compose/src/config.ts'
import { temporaryStack } from '../runner/temporary-stack.ts'

export interface BenchStack {
  stack: EmbeddedStack
  apiUrl: string
  /** Returns a superuser's URL of any database in the stack's Postgres. */
  databaseUrl: (name: string) => string
  /** A superuser's connection to the system's database. */
  database: pg.Client
}

/** Starts a system for one measure, on free ports with a new database in a temporary folder. It is removed with the measure. */
export async function startStack({ resources, signal, progress }: MeasureContext): Promise<BenchStack> {
  progress('starting a temporary system')
  const { PATH = '', HOME = '' } = process.env
  const { stack, remove } = await temporaryStack(readConfig({ PATH, HOME }), 'payments-bench-')
  resources.defer(remove)
  await stack.start(() => {}, signal)
  const { api, postgresPort } = stack.endpoints()
  const databaseUrl = (name: string): string => `postgres://postgres@127.0.0.1:${postgresPort}/${name}`
  return { stack, apiUrl: api, databaseUrl, database: await connect(databaseUrl('payments'), resources) }
}

/** Opens a connection that is closed with the measure. */
export async function connect(connectionString: string, resources: AsyncDisposableStack): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {}) // after a lost connection the next query throws
  await client.connect()
  resources.defer(() => client.end())
  return client
}

/** Returns the process id of a part. */
export async function pidOf({ stack }: BenchStack, part: string): Promise<number> {
  const found = (await stack.parts()).find(({ name }) => name === part)
  if (!found?.pid)
    throw new Error(`${part} is not running`)
  return found.pid
}

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from './postgres.ts'

/** The schema that the API's migrations create: the contract between the two services. */
const SCHEMA_PATH = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../../contracts'), 'schema.sql')
/** The password of every role in tests. */
const PASSWORD = 'test'

let cluster: Awaited<ReturnType<typeof startPostgres>>
let template: string

/** Mocha runs this once before all files. It starts a server and creates a template database with the contracts' schema. */
export async function mochaGlobalSetup(): Promise<void> {
  const schema = await readFile(SCHEMA_PATH, 'utf8').catch(() => {
    throw new Error(`${SCHEMA_PATH} does not exist: set CONTRACTS_DIR to the contracts folder`)
  })
  cluster = await startPostgres()
  template = `template_worker_${randomUUID().slice(0, 8)}`
  await withClient(cluster.url, client => client.query(`create database ${template}`))
  await withClient(urlOf(template), async (client) => {
    await client.query(schema)
    for (const role of ['payments_api', 'payments_worker', 'payments_reader'])
      await client.query(`alter role ${role} login password '${PASSWORD}'`)
  })
}

export async function mochaGlobalTeardown(): Promise<void> {
  await withClient(cluster.url, client => client.query(`drop database ${template}`))
  cluster.stop()
}

export interface TestDatabase {
  /** The URL for the role payments_api, payments_worker or payments_reader; by default for the superuser. */
  url: (role?: string) => string
  /** Runs one statement as the superuser. */
  sql: <Row = Record<string, unknown>>(statement: string, values?: unknown[]) => Promise<Row[]>
  drop: () => Promise<void>
}

/** Stops Postgres and starts it again; see TestPostgres. Undefined if the tests use the server of TEST_DATABASE_URL. */
export function restartPostgres(): ((signal: 'SIGINT' | 'SIGQUIT') => Promise<void>) | undefined {
  return cluster.restart
}

/** Creates a separate database for one test file or test, as a copy of the template. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_worker_${randomUUID().slice(0, 8)}`
  await withClient(cluster.url, client => client.query(`create database ${name} template ${template}`))
  // A single connection keeps settings and transactions between statements; the pool replaces it if it is lost.
  const pool = new pg.Pool({ connectionString: urlOf(name), max: 1, idleTimeoutMillis: 0 })
  pool.on('error', () => {})
  return {
    url: role => urlOf(name, role),
    sql: async <Row>(statement: string, values?: unknown[]) => (await pool.query(statement, values)).rows as Row[],
    drop: async () => {
      await pool.end()
      await withClient(cluster.url, admin => admin.query(`drop database ${name} with (force)`))
    },
  }
}

function urlOf(database: string, role?: string): string {
  const url = new URL(cluster.url)
  url.pathname = `/${database}`
  if (role) {
    url.username = role
    url.password = PASSWORD
  }
  return url.href
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  }
  finally {
    await client.end()
  }
}

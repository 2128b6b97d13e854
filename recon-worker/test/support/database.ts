import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from './postgres.ts'

/** The schema that the API's migrations make: the contract between the two services. */
const SCHEMA_PATH = join(process.env.CONTRACTS_DIR ?? join(import.meta.dirname, '../../../contracts'), 'schema.sql')
/** The password of every role in tests. */
const PASSWORD = 'test'

let cluster: Awaited<ReturnType<typeof startPostgres>>
let template: string

/** Mocha runs this once before all files: a server, and in it a template database with the schema of the contracts. */
export async function mochaGlobalSetup(): Promise<void> {
  const schema = await readFile(SCHEMA_PATH, 'utf8').catch(() => {
    throw new Error(`${SCHEMA_PATH} is not there: set CONTRACTS_DIR to the contracts folder`)
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
  /** As the role payments_api, payments_worker, payments_reader, or by default the superuser. */
  url: (role?: string) => string
  /** Runs one statement as the superuser. */
  sql: <Row = Record<string, unknown>>(statement: string, values?: unknown[]) => Promise<Row[]>
  drop: () => Promise<void>
}

/** Ends Postgres and starts it again, see TestPostgres. Undefined where the tests were given one that is not theirs. */
export function restartPostgres(): ((signal: 'SIGINT' | 'SIGQUIT') => Promise<void>) | undefined {
  return cluster.restart
}

/** A database of its own for one test file or test: a copy of the template. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_worker_${randomUUID().slice(0, 8)}`
  await withClient(cluster.url, client => client.query(`create database ${name} template ${template}`))
  // One connection, so that its settings and transactions last from statement to statement; a lost one is replaced.
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

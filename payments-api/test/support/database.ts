import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { migrate } from '../../src/sql/migrate.ts'
import { startPostgres } from './postgres.ts'

/** The password of every role in tests. */
const PASSWORD = 'test'

let cluster: Awaited<ReturnType<typeof startPostgres>>
let template: string

/** Mocha runs this once before all files: it starts a server and creates a template database with the migrated schema. */
export async function mochaGlobalSetup(): Promise<void> {
  cluster = await startPostgres()
  template = `template_api_${randomUUID().slice(0, 8)}`
  await asSuperuser(`create database ${template}`)
  await migrate(urlOf(template))
  for (const role of ['payments_api', 'payments_worker', 'payments_reader', 'payments_prover'])
    await asSuperuser(`alter role ${role} login password '${PASSWORD}'`)
}

export async function mochaGlobalTeardown(): Promise<void> {
  await asSuperuser(`drop database ${template}`)
  cluster.stop()
}

export interface TestDatabase {
  /** The URL for the role payments_api, payments_worker, payments_reader or payments_prover; by default for the superuser. */
  url: (role?: string) => string
  /** Runs one statement as the superuser. */
  sql: <Row = Record<string, unknown>>(statement: string, values?: unknown[]) => Promise<Row[]>
  drop: () => Promise<void>
}

/** Creates a separate database for one test file: a copy of the template, or an empty one. */
export async function createDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const name = `test_api_${randomUUID().slice(0, 8)}`
  await asSuperuser(empty ? `create database ${name}` : `create database ${name} template ${template}`)
  const client = new pg.Client({
    connectionString: urlOf(name),
  })
  await client.connect()
  return {
    url: role => urlOf(name, role),
    sql: async <Row>(statement: string, values?: unknown[]) => (await client.query(statement, values)).rows as Row[],
    drop: async () => {
      await client.end()
      await asSuperuser(`drop database ${name} with (force)`)
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

async function asSuperuser(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.url })
  await client.connect()
  try {
    await client.query(statement)
  }
  finally {
    await client.end()
  }
}

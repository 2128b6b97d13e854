import type pg from 'pg'
import type { Passwords } from './state.ts'
import { PROVER_CONNECTIONS, READER_CONNECTIONS } from '../connection-budget.ts'
import { connect, disconnect } from '../machine/connect.ts'

const TIMEOUT_MS = 10_000

/** Creates the database and its owner, the role that runs the migrations, if they are missing. */
export async function ensureDatabase(port: number, passwords: Passwords): Promise<void> {
  await asSuperuser(port, async (client) => {
    const { rowCount: owners } = await client.query(`select from pg_roles where rolname = 'payments_owner'`)
    if (!owners)
      await client.query('create role payments_owner createrole')
    await allowLogin(client, 'payments_owner', passwords)
    const { rowCount: databases } = await client.query(`select from pg_database where datname = 'payments'`)
    if (!databases)
      await client.query('create database payments owner payments_owner')
  })
}

/** Gives each role that the migrations created a login with a separate password. */
export async function allowParts(port: number, passwords: Passwords): Promise<void> {
  await asSuperuser(port, async (client) => {
    for (const login of ['payments_api', 'payments_worker', 'payments_reader', 'payments_prover'] as const)
      await allowLogin(client, login, passwords)
    await client.query(`alter role payments_reader connection limit ${READER_CONNECTIONS}`)
    await client.query(`alter role payments_prover connection limit ${PROVER_CONNECTIONS}`)
  })
}

/** The database URL of a login. */
export function loginUrl(port: number, login: keyof Passwords, passwords: Passwords): string {
  return `postgres://${login}:${passwords[login]}@127.0.0.1:${port}/payments`
}

/** The database URL of the superuser, which needs no password from this machine. */
export function superuserUrl(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`
}

/** The URL of the superuser in the role of a login, with the rights of that login only. */
export function roleUrl(port: number, role: string): string {
  return `${superuserUrl(port, 'payments')}?options=${encodeURIComponent(`-c role=${role}`)}`
}

// Runs at each start, so that the database always agrees with the file that holds the passwords.
async function allowLogin(client: pg.Client, login: keyof Passwords, passwords: Passwords): Promise<void> {
  await client.query(`alter role ${login} login password ${client.escapeLiteral(passwords[login])}`)
}

async function asSuperuser(port: number, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = await connect(superuserUrl(port, 'postgres'), TIMEOUT_MS)
  try {
    // The following statements contain passwords, which pg_stat_statements would record.
    await client.query('set pg_stat_statements.track = none')
    // One at a time: two migrations at once would both create the database, or update the same role. Ends with the session.
    await client.query(`select pg_advisory_lock(hashtext('payments logins'))`)
    await work(client)
  }
  finally {
    await disconnect(client)
  }
}

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '../../compose/src/config.ts'
import { EmbeddedStack } from '../../compose/src/embedded-stack.ts'
import { freePort } from '../../compose/src/ports.ts'

export interface Bench {
  stack: EmbeddedStack
  /** Of a superuser. */
  database: pg.Client
  databaseUrl: string
  apiUrl: string
}

/** Runs a benchmark on a system of its own: free ports, a new database, removed at the end whatever happens. */
export async function withStack(run: (bench: Bench) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'payments-bench-'))
  chmodSync(parent, 0o711) // as root, Postgres runs as another user
  const { PATH = '', HOME = '' } = process.env
  const [PGPORT, API_PORT, UI_PORT] = [String(await freePort()), String(await freePort()), String(await freePort())]
  const stack = new EmbeddedStack(readConfig({ PATH, HOME, PGPORT, API_PORT, UI_PORT, DATA_DIR: join(parent, 'data'), LOG_LEVEL: 'warn' }))
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  try {
    await stack.start(() => {}, interrupted.signal)
    const databaseUrl = `postgres://postgres@127.0.0.1:${PGPORT}/payments`
    const database = new pg.Client({ connectionString: databaseUrl })
    await database.connect()
    try {
      await run({ stack, database, databaseUrl, apiUrl: stack.endpoints().api })
    }
    finally {
      await database.end()
    }
  }
  finally {
    await stack.reset()
    rmSync(parent, { recursive: true, force: true })
  }
}

/** The middle value; of an even number of them, the lower middle. */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!
}

/** A whole number from the environment. */
export function setting(name: string, byDefault: number): number {
  const value = process.env[name] ?? String(byDefault)
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    process.stderr.write(`${name}=${value} is wrong: a whole number above 0\n`)
    process.exit(1)
  }
  return Number(value)
}

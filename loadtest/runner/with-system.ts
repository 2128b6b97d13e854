import type pg from 'pg'
import type { Config } from '../../compose/src/config.ts'
import type { Stack } from '../../compose/src/stack.ts'
import type { Tampering } from '../tampering/tampering.ts'
import type { Wire } from '../wire/wire.ts'
import { superuserUrl } from '../../compose/src/data/logins.ts'
import { connect } from '../../compose/src/machine/connect.ts'
import { openStack } from '../../compose/src/open-stack.ts'
import { Refusal } from '../../compose/src/refusal.ts'
import { temporaryStack } from './temporary-stack.ts'

const QUERY_TIMEOUT_MS = 60_000
/** Two, so that guarantees are tested across API processes. */
const TEMPORARY_APIS = 2

/** The system under load. */
export interface System {
  stack: Stack
  /** A connection that may read everything and write nothing. */
  database: pg.Client
  /** Opens a superuser's connection, directly to Postgres, which the caller ends. */
  admin: () => Promise<pg.Client>
  /** Between our parts and Postgres; null if the parts connect directly. */
  wire: Wire | null
  /** What faults can do to the processes from inside; null if nothing. */
  tampering: Tampering | null
  /** The base URL of each API process, or of the proxy in front of them. */
  apis: string[]
  description: string
}

/**
 * Passes the running system to `use`, and restores its number of workers afterwards. If none is running, passes a temporary
 * system on free ports and removes it afterwards. Throws a Refusal if the running system is unhealthy.
 */
export async function withSystem<T>(config: Config, signal: AbortSignal, use: (system: System) => Promise<T>): Promise<T> {
  const stack = openStack(config)
  const parts = await stack.parts()
  if (parts.length === 0 && config.mode === 'compose')
    throw new Refusal('No containers are running. Run `make up MODE=compose` first, or omit MODE to use a temporary system.')
  if (parts.length === 0)
    return withTemporarySystem(config, signal, use)
  const unhealthy = parts.find(({ state, health }) => state !== 'running' || health !== 'ok')
  if (unhealthy)
    throw new Refusal(`The running system is unhealthy: ${unhealthy.name} is ${unhealthy.state}, its health: ${unhealthy.health}. See \`make status\`.`)
  const workers = countWorkers(parts)
  try {
    if (config.workers !== undefined)
      await stack.scale(config.workers)
    return await useStack(stack, 'the running system', use)
  }
  finally {
    if (countWorkers(await stack.parts()) !== workers)
      await stack.scale(workers)
  }
}

async function withTemporarySystem<T>(config: Config, signal: AbortSignal, use: (system: System) => Promise<T>): Promise<T> {
  const { stack, remove } = await temporaryStack({ ...config, apis: Math.max(config.apis, TEMPORARY_APIS) }, 'payments-load-system-')
  try {
    await stack.start(() => {}, signal)
    return await useStack(stack, 'a temporary system, since none is running', use)
  }
  finally {
    await remove()
  }
}

async function useStack<T>(stack: Stack, what: string, use: (system: System) => Promise<T>): Promise<T> {
  const system = await connectSystem(stack, what)
  try {
    return await use(system)
  }
  finally {
    await system.database.end()
  }
}

/** The system of a running stack. The caller ends `database`. */
export async function connectSystem(stack: Stack, what: string, access: Pick<System, 'wire' | 'tampering'> = { wire: null, tampering: null }): Promise<System> {
  const { databaseUrl, postgresPort } = stack.endpoints()
  const parts = await stack.parts()
  const apis = apiUrls(stack, parts)
  return {
    stack,
    database: await connect(databaseUrl, QUERY_TIMEOUT_MS),
    admin: () => connect(superuserUrl(postgresPort, 'payments'), QUERY_TIMEOUT_MS),
    ...access,
    apis,
    description: `${what} (API URLs: ${apis.length}, workers: ${countWorkers(parts)})`,
  }
}

/** The URL of each API process that has its own port, or else the URL that all share. */
function apiUrls(stack: Stack, parts: { name: string, url: string }[]): string[] {
  const urls = parts.filter(({ name, url }) => /^api(?:-\d+)?$/.test(name) && url.startsWith('http')).map(({ url }) => url)
  // localhost may resolve to ::1 first, where no API listens.
  return (urls.length > 0 ? urls : [stack.endpoints().api]).map(url => new URL(url).origin.replace('//localhost', '//127.0.0.1'))
}

function countWorkers(parts: { name: string }[]): number {
  return parts.filter(({ name }) => name.startsWith('worker')).length
}

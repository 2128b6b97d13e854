import type pg from 'pg'
import type { Config } from '../../compose/src/config.ts'
import type { Stack } from '../../compose/src/stack.ts'
import { connect } from '../../compose/src/machine/connect.ts'
import { openStack } from '../../compose/src/open-stack.ts'
import { Refusal } from '../../compose/src/refusal.ts'
import { ownStack } from './own-stack.ts'

const QUERY_TIMEOUT_MS = 60_000
/** So that what must hold across API processes is tried across them. */
const OWN_APIS = 2

/** The system under load. */
export interface System {
  stack: Stack
  /** As a login that may read everything and change nothing. */
  database: pg.Client
  /** The base URL of each API process, or of the proxy before them. */
  apis: string[]
  description: string
}

/**
 * Gives the system that runs here, and leaves it with as many workers as it had; where none runs, one of its own on free
 * ports, which it removes. Throws a Refusal when what runs here is not well.
 */
export async function withSystem<T>(config: Config, signal: AbortSignal, use: (system: System) => Promise<T>): Promise<T> {
  const stack = openStack(config)
  const parts = await stack.parts()
  if (parts.length === 0 && config.mode === 'compose')
    throw new Refusal('nothing runs here: make up MODE=compose first; without MODE, a system of its own is started')
  if (parts.length === 0)
    return withOwnSystem(config, signal, use)
  const unwell = parts.find(({ state, health }) => state !== 'running' || health !== 'ok')
  if (unwell)
    throw new Refusal(`what runs here is not well: ${unwell.name} is ${unwell.state}, its health: ${unwell.health}. See make status`)
  const workers = countWorkers(parts)
  try {
    if (config.workers !== undefined)
      await stack.scale(config.workers)
    return await useStack(stack, 'the system that runs here', use)
  }
  finally {
    if (countWorkers(await stack.parts()) !== workers)
      await stack.scale(workers)
  }
}

async function withOwnSystem<T>(config: Config, signal: AbortSignal, use: (system: System) => Promise<T>): Promise<T> {
  const { stack, remove } = await ownStack({ ...config, apis: Math.max(config.apis, OWN_APIS) }, 'payments-load-system-')
  try {
    await stack.start(() => {}, signal)
    return await useStack(stack, 'a system of its own, since none runs here', use)
  }
  finally {
    await remove()
  }
}

async function useStack<T>(stack: Stack, what: string, use: (system: System) => Promise<T>): Promise<T> {
  const database = await connect(stack.endpoints().databaseUrl, QUERY_TIMEOUT_MS)
  try {
    const parts = await stack.parts()
    const apis = apiUrls(stack, parts)
    return await use({ stack, database, apis, description: `${what} (${apis.length} API, ${countWorkers(parts)} worker)` })
  }
  finally {
    await database.end()
  }
}

/** Each API process that answers at an address of its own; else the one address that all share. */
function apiUrls(stack: Stack, parts: { name: string, url: string }[]): string[] {
  const urls = parts.filter(({ name, url }) => /^api(?:-\d+)?$/.test(name) && url.startsWith('http')).map(({ url }) => url)
  // The name localhost would be tried as ::1 first, where no API listens.
  return (urls.length > 0 ? urls : [stack.endpoints().api]).map(url => new URL(url).origin.replace('//localhost', '//127.0.0.1'))
}

function countWorkers(parts: { name: string }[]): number {
  return parts.filter(({ name }) => name.startsWith('worker')).length
}

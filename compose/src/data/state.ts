import { createHash } from 'node:crypto'
import { z } from 'zod'
import { processIdentity } from '../machine/processes.ts'

const partState = z.object({
  name: z.string(),
  phase: z.enum([
    'starting',
    'running',
    'waiting to restart',
    'stopped',
  ]),
  process: processIdentity.nullable(),
  /** Epoch milliseconds; null while the part is not running. */
  startedAt: z.number().nullable(),
  restarts: z.int(),
  url: z.string(),
  /** The URL of the health check: http://.../ready, or postgres://... */
  health: z.string(),
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  /** The last unexpected exit, with the last log lines before it. */
  lastDeath: z.object({
    at: z.number(),
    how: z.string(),
    lines: z.array(z.string()),
  }).nullable(),
})
export type PartState = z.infer<typeof partState>

/** The services that `make service` can run, in start order. `worker` stands for all workers. */
export const SERVICES = ['postgres', 'api', 'worker', 'ui'] as const
export type Service = typeof SERVICES[number]

/** A part before its first start. */
export function notRunning(name: string, stopSignal: PartState['stopSignal']): PartState {
  return { name, stopSignal, phase: 'stopped', process: null, startedAt: null, restarts: 0, url: '', health: '', lastDeath: null }
}

/** The parts of a supervisor. Only the supervisor writes it, after every change. */
export const stackState = z.object({
  supervisor: processIdentity,
  phase: z.enum(['starting', 'up', 'stopping']),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  /** In start order. */
  parts: z.array(partState),
})
export type StackState = z.infer<typeof stackState>

const ports = z.object({ postgres: z.int(), api: z.int(), ui: z.int() })
export type Ports = z.infer<typeof ports>

/** How the stack of a data folder last ran, also while it is stopped: its data is there and nowhere else. */
export const stackMemory = z.object({
  mode: z.enum(['embedded', 'compose']),
  /** The Compose project, for MODE=compose. */
  project: z.string().optional(),
  /** The ports that PORTS=auto chose. */
  ports: ports.optional(),
})
export type StackMemory = z.infer<typeof stackMemory>

/** The desired state, written by the verbs. A supervisor reads it when it starts and at each SIGHUP. */
export const desiredState = z.object({
  ports,
  workers: z.int(),
  /** The number of API processes: the first listens on `ports.api`, the others on any free port. */
  apis: z.int(),
  logLevel: z.string(),
  /** The first debugger port of a stack in development form; missing: the stack runs as in production. */
  debugPort: z.int().optional(),
  /** Whether the console's map can kill workers; missing: no. */
  consoleChaos: z.boolean().optional(),
  /** The number of requested restarts for each part. When it grows, the supervisor restarts the part. */
  restarts: z.record(z.string(), z.int()),
  /** The same for replacements: the new process starts before the old one stops, if they can share their port. */
  replacements: z.record(z.string(), z.int()).optional(),
  /** The setting of a stack that `make chaos` breaks. */
  chaos: z.object({
    wirePort: z.int(),
    apiPorts: z.array(z.int()),
    env: z.object({ postgres: z.record(z.string(), z.string()), worker: z.record(z.string(), z.string()) }),
  }).optional(),
})
export type DesiredState = z.infer<typeof desiredState>

const logins = [
  'payments_owner',
  'payments_api',
  'payments_worker',
  'payments_reader',
  'payments_prover',
] as const

/**
 * The password of each database login. A folder of an older version lacks the newest login: its password is derived from the
 * owner's, so that services that start at the same time agree on it.
 */
export const passwords = z.preprocess(
  saved => isOlder(saved) ? { ...saved, payments_prover: createHash('sha256').update(`payments_prover ${saved.payments_owner}`).digest('base64url') } : saved,
  z.record(z.enum(logins), z.string()),
)
export type Passwords = z.infer<typeof passwords>

function isOlder(saved: unknown): saved is { payments_owner: string } {
  return typeof saved === 'object' && saved !== null && 'payments_owner' in saved && !('payments_prover' in saved)
}

/** Generates a password for each login. */
export function makePasswords(generate: () => string): Passwords {
  return Object.fromEntries(logins.map(login => [
    login,
    generate(),
  ])) as Passwords
}

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
  /** Epoch milliseconds; null while it does not run. */
  startedAt: z.number().nullable(),
  restarts: z.int(),
  url: z.string(),
  /** Where its health is asked: http://.../ready, or postgres://... */
  health: z.string(),
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  /** How it last ended without having been asked to, and its last log lines then. */
  lastDeath: z.object({
    at: z.number(),
    how: z.string(),
    lines: z.array(z.string()),
  }).nullable(),
})
export type PartState = z.infer<typeof partState>

/** What `make service` starts alone, in the order in which they start. `worker` stands for all workers. */
export const SERVICES = ['postgres', 'api', 'worker', 'ui'] as const
export type Service = typeof SERVICES[number]

/** A part before its first start. */
export function notRunning(name: string, stopSignal: PartState['stopSignal']): PartState {
  return { name, stopSignal, phase: 'stopped', process: null, startedAt: null, restarts: 0, url: '', health: '', lastDeath: null }
}

/** What a supervisor runs, written by it alone, whenever it changes. */
export const stackState = z.object({
  supervisor: processIdentity,
  phase: z.enum(['starting', 'up', 'stopping']),
  /** Epoch milliseconds. */
  startedAt: z.number(),
  /** In the order in which they start. */
  parts: z.array(partState),
})
export type StackState = z.infer<typeof stackState>

/** What should run, written by the verbs. A supervisor reads it when it starts, and again at each SIGHUP. */
export const desiredState = z.object({
  ports: z.object({
    postgres: z.int(),
    api: z.int(),
    ui: z.int(),
  }),
  workers: z.int(),
  /** API processes: the first at `ports.api`, the others wherever a port is free. */
  apis: z.int(),
  logLevel: z.string(),
  /** How often each part was asked to restart. A number that has grown means: restart it. */
  restarts: z.record(z.string(), z.int()),
})
export type DesiredState = z.infer<typeof desiredState>

const logins = [
  'payments_owner',
  'payments_api',
  'payments_worker',
  'payments_reader',
] as const

/** The password of each database login. */
export const passwords = z.record(z.enum(logins), z.string())
export type Passwords = z.infer<typeof passwords>

/** Makes a password for each login: `generate` gives one. */
export function makePasswords(generate: () => string): Passwords {
  return Object.fromEntries(logins.map(login => [
    login,
    generate(),
  ])) as Passwords
}

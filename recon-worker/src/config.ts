import { hostname } from 'node:os'
import { z } from 'zod'

/** Accepts plain decimal digits only, because Number() would also accept '', ' ', 0x10 and 1e3. */
function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}, in decimal digits`
  return z.string().regex(/^(?:0|[1-9]\d{0,8})$/, error).transform(Number).refine(number => number >= min && number <= max, error)
}

const Env = z.object({
  /** A writable Postgres 15 to 18, as the role payments_worker. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** The address that serves the health checks; use 0.0.0.0 in a container. */
  HOST: z.string().regex(/^\S+$/, 'must be an address').default('127.0.0.1'),
  /** The port that serves the health checks; 0 takes a free one. */
  PORT: wholeNumber(0, 65_535).default(3002),
  /** This worker's name in recon_workers and recon_jobs.locked_by. Set one that survives a restart, or poison jobs are not found. */
  WORKER_ID: z.string().min(1).max(100).default(`${hostname()}:${process.pid}`),
  /** Most jobs that one transaction claims. Above 500 throughput barely grows: see docs/measurements.md. */
  BATCH_SIZE: wholeNumber(1, 1_000).default(500),
  /** Most batches in flight while there is a backlog: one primary batch and the secondary ones. */
  BATCHES_IN_FLIGHT: wholeNumber(1, 8).default(2),
  /** Attempts after which a refused job is dead. */
  MAX_ATTEMPTS: wholeNumber(1, 100).default(5),
  LOG_LEVEL: z.enum([
    'fatal',
    'error',
    'warn',
    'info',
    'debug',
    'trace',
    'silent',
  ]).default('info'),
})

export interface Config {
  databaseUrl: string
  host: string
  port: number
  workerId: string
  batchSize: number
  batchesInFlight: number
  maxAttempts: number
  logLevel: string
}

export class ConfigError extends Error {}

/**
 * Reads the worker's settings from the environment.
 * @throws {ConfigError} that names each missing or wrong variable
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = Env.safeParse(env)
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => {
      const name = String(issue.path[0])
      // A URL may hold a password: never echo it.
      if (env[name] === undefined)
        return `${name} is not set`
      return `${name} ${name === 'DATABASE_URL' ? 'is wrong' : `is ${JSON.stringify(env[name])}`}: ${issue.message}`
    }).join('; '))
  }
  const { DATABASE_URL, HOST, PORT, WORKER_ID, BATCH_SIZE, BATCHES_IN_FLIGHT, MAX_ATTEMPTS, LOG_LEVEL } = parsed.data
  return {
    databaseUrl: DATABASE_URL,
    host: HOST,
    port: PORT,
    workerId: WORKER_ID,
    batchSize: BATCH_SIZE,
    batchesInFlight: BATCHES_IN_FLIGHT,
    maxAttempts: MAX_ATTEMPTS,
    logLevel: LOG_LEVEL,
  }
}

import { z } from 'zod'

/** A whole number in plain decimal digits: Number() would also accept '', ' ', 0x10 and 1e3. */
function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}, in decimal digits`
  return z.string().regex(/^(?:0|[1-9]\d{0,8})$/, error).transform(Number).refine(number => number >= min && number <= max, error)
}

const Env = z.object({
  /** Postgres, as the role payments_api. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** The address to listen on; 0.0.0.0 inside a container. */
  HOST: z.string().regex(/^\S+$/, 'must be an address').default('127.0.0.1'),
  /** The port to listen on; 0 picks a free one. */
  PORT: wholeNumber(0, 65_535).default(3001),
  /** While draining, an idle connection is closed after this long without a request on any connection. `make dev` sets 0. */
  DRAIN_QUIET_MS: wholeNumber(0, 5_000).default(500),
  /** Postgres, as the role payments_prover. Without it, the API offers no proofs. */
  PROOFS_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** A JSON file with the last chaos report, shown next to the proofs. */
  CHAOS_REPORT: z.string().min(1, 'must be a path').optional(),
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

const MigrateEnv = Env.pick({ DATABASE_URL: true, LOG_LEVEL: true })

export interface Config {
  databaseUrl: string
  host: string
  port: number
  drainQuietMs: number
  proofsDatabaseUrl: string | undefined
  chaosReport: string | undefined
  logLevel: string
}

/**
 * The settings of the API, from the environment.
 * @throws {ConfigError} naming each variable that is missing or wrong
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const { DATABASE_URL, HOST, PORT, DRAIN_QUIET_MS, PROOFS_DATABASE_URL, CHAOS_REPORT, LOG_LEVEL } = parse(Env, env)
  return {
    databaseUrl: DATABASE_URL,
    host: HOST,
    port: PORT,
    drainQuietMs: DRAIN_QUIET_MS,
    proofsDatabaseUrl: PROOFS_DATABASE_URL,
    chaosReport: CHAOS_REPORT,
    logLevel: LOG_LEVEL,
  }
}

/** The settings of a migration run, whose DATABASE_URL logs in as the owner of the database. */
export function readMigrateConfig(env: NodeJS.ProcessEnv): Pick<Config, 'databaseUrl' | 'logLevel'> {
  const { DATABASE_URL, LOG_LEVEL } = parse(MigrateEnv, env)
  return { databaseUrl: DATABASE_URL, logLevel: LOG_LEVEL }
}

export class ConfigError extends Error {}

function parse<Schema extends z.ZodType>(schema: Schema, env: NodeJS.ProcessEnv): z.output<Schema> {
  const parsed = schema.safeParse(env)
  if (parsed.success)
    return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0])
    // A URL may hold a password: never echo it.
    if (env[name] === undefined)
      return `${name} is not set`
    return `${name} ${name.endsWith('DATABASE_URL') ? 'is wrong' : `is ${JSON.stringify(env[name])}`}: ${issue.message}`
  })
  throw new ConfigError(problems.join('; '))
}

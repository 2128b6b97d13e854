import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { APIS, WORKERS } from './connection-budget.ts'
import { DEBUG_PORTS } from './debug-ports.ts'
import { Refusal } from './refusal.ts'

/** The folder that holds all parts: the parent of compose/. */
export const repoRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export const defaultDataDir = join(repoRoot, '.data')

/** Where `make chaos` leaves its result for the console. compose.yaml mounts the folder, which exists in each clone. */
export const chaosReportFile = join(repoRoot, 'loadtest/reports/chaos.json')

/** A whole number within bounds, both inclusive. */
function wholeNumber(what: string, min: number, max: number) {
  const allowed = `${what} must be a whole number from ${min} to ${max}`
  return z.string().regex(/^\d{1,9}$/, allowed).transform(Number).refine(n => n >= min && n <= max, allowed)
}

// Ports below 1024 need root on most systems.
const port = wholeNumber('a port', 1024, 65535)
const url = (example: string, protocol: RegExp) => z.url({ protocol, error: `it must be a URL such as ${example}` })

const environment = z.object({
  MODE: z.enum(['embedded', 'compose'], 'it must be embedded or compose').optional(),
  WORKERS: wholeNumber('the number of workers', 1, WORKERS.max).optional(),
  APIS: wholeNumber('the number of API processes', 1, APIS.max).default(1),
  PGPORT: port.default(5432),
  API_PORT: port.default(3001),
  UI_PORT: port.default(3000),
  PORTS: z.enum(['auto'], 'it must be auto, which finds free ports and remembers them').optional(),
  DEBUG_PORT: wholeNumber('the first debugger port', 1024, 65536 - DEBUG_PORTS).default(9229),
  STACK: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'a stack\'s name has lowercase letters, digits and hyphens, starts with a letter and is at most 41 characters long, such as payments').default('payments'),
  DATA_DIR: z.string().default('.data').transform(folder => resolve(repoRoot, folder)),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error'], 'it must be trace, debug, info, warn or error').default('info'),
  PART: z.string().regex(/^[a-z]+(-\d+)?$/, 'it must be a part such as api, worker or worker-1').optional(),
  IMAGES: z.string().regex(/^[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*$/, 'it must be the first part of an image\'s name, such as payments or registry.example.com/payments').optional(),
  VERSION: z.string().regex(/^\w[\w.-]{0,127}$/, 'it must be an image\'s tag: letters, digits, ".", "_" and "-", such as 0.1.0').optional(),
  PAYMENTS_API_URL: url('http://localhost:3001', /^https?$/).optional(),
  PAYMENTS_DATABASE_URL: url('postgres://user:password@host:5432/payments', /^postgres(ql)?$/).optional(),
  PAYMENTS_NODE_OPTIONS: z.string().optional(),
  CHROMIUM_PATH: z.string().optional(),
  REPO_BASE: z.string().regex(/^[^-\s]\S*$/, 'it must be the location of the repositories: https://host/owner, git@host:owner or a folder').optional(),
  ONLY: z.string().optional(),
  NAME: z.string().optional(), // checked by its verb: some systems set NAME for something else
  ENGINE: z.enum(['0', '1'], 'it must be 1 to fail without a Docker engine, or 0').default('0').transform(engine => engine === '1'),
  FULL: z.enum(['0', '1'], 'it must be 1 to check everything, or 0 to check only what is new').default('0').transform(full => full === '1'),
  ANCHOR: z.string().regex(/^[1-9]\d{0,8}:[0-9a-f]{64}$/, 'it must be SEQ:DIGEST, as `make audit-anchor` prints it').optional(),
  CONSOLE_CHAOS: z.enum(['0', '1'], 'it must be 1 to let the console\'s map kill workers, or 0').default('0').transform(chaos => chaos === '1'),
  DEST: z.string().transform(folder => resolve(repoRoot, folder)).optional(),
  PUSH: z.enum(['0', '1'], 'it must be 1 to push the images to the registry in IMAGES, or 0').default('0').transform(push => push === '1'),
})

/** The variables that parts inherit from the caller. All other variables are set explicitly. */
const INHERITED = /^(?:PATH|HOME|TMPDIR|LANG|NODE_EXTRA_CA_CERTS|OTEL_\w+)$/
/**
 * The variables that Docker's programs inherit: how to reach the engine, and what compose/.env sets. Others would change
 * what they do, such as COMPOSE_FILE.
 */
const DOCKER = /^(?:PATH|HOME|USER|TMPDIR|LANG|(?:DOCKER|BUILDKIT|BUILDX|XDG|ACTIONS)_\w+|SSH_AUTH_SOCK|(?:HTTPS?|NO|ALL)_PROXY|IMAGES|VERSION|(?:NODE|POSTGRES|DEBIAN)_IMAGE|(?:POSTGRES|API|WORKER)_CPUS)$/i

/** How `make chaos` prepares the processes of a stack that it is going to break. */
export interface ChaosSetting {
  /** Where the API and the workers reach Postgres: the port of a proxy on this machine. */
  wirePort: number
  /** The ports of `api-2` and later. Otherwise they change at each start. */
  apiPorts: number[]
  /** The additional environment of Postgres and of the workers. */
  env: Record<'postgres' | 'worker', Record<string, string>>
}

export interface Config {
  mode?: 'embedded' | 'compose'
  /** The number of workers to run; undefined if not set. */
  workers?: number
  /** The number of API processes to start; in containers they share one address. */
  apis: number
  ports: { postgres: number, api: number, ui: number }
  /** Whether to find free ports where none are named. */
  autoPorts: boolean
  /** Whether to start the stack in development form, as `make dev` does. */
  dev: boolean
  /** The first of the ports at which the parts' debuggers listen in development form. */
  debugPort: number
  /** Absolute. Holds the database, the logs, the secrets and the state file. */
  dataDir: string
  logLevel: string
  /** The name of the stack that `make swarm-up` deploys. */
  stack: string
  /** The part that a verb shows or runs: one by its full name, or all of a kind (`worker`). */
  part?: string
  /** A running system that the harness did not start, for validate and audit. */
  apiUrl?: string
  databaseUrl?: string
  /** What the images' names begin with; undefined: the Compose project's name. */
  images?: string
  chromiumPath?: string
  /** The location of the services' repositories for `make workspace`; undefined: next to this repository's origin. */
  repoBase?: string
  /** `make test` runs only checks whose name contains this; undefined: all checks. */
  only?: string
  /** The payment status that `make drill-status` adds. */
  name?: string
  /** Whether `make test` fails without a Docker engine, instead of skipping what needs one. */
  needsEngine: boolean
  /** Whether `make audit` checks everything instead of only what is new. */
  full: boolean
  /** An anchor saved elsewhere that the database must contain. */
  anchor?: { seq: number, digest: string }
  /** Absolute. The folder that `make split` writes to. */
  dest?: string
  /** The tag of the images, and the section of CHANGELOG.md that `make release-notes` prints. */
  version?: string
  /** Whether `make images` pushes what it builds. */
  push: boolean
  /** Whether the console's map can kill workers. For development; never on by default. */
  consoleChaos: boolean
  /** The environment of every part, besides what it gets explicitly. */
  inheritedEnv: Record<string, string>
  /** The environment of Docker's programs. */
  dockerEnv: Record<string, string>
  /** Set by `make chaos` only, for a stack of processes. */
  chaos?: ChaosSetting
  /** Set by `make chaos` only, for containers: adds compose.chaos.yaml, whose wire is controlled at this port. */
  wireControlPort?: number
  /** The settings of the stack that the caller named, such as `APIS`: only those in NAMED. */
  named: ReadonlySet<string>
}

const NAMED = ['WORKERS', 'APIS', 'PGPORT', 'API_PORT', 'UI_PORT', 'LOG_LEVEL', 'PAYMENTS_NODE_OPTIONS']

/** Reads the settings. Throws a Refusal that names every wrong variable, its value and the allowed values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    throw new Refusal(parsed.error.issues
      .map(({ path: [name], message }) => `${name === 'PAYMENTS_DATABASE_URL' ? name : `${String(name)}=${env[String(name)]}`} is not valid: ${message}.`)
      .join(' '))
  }
  const values = parsed.data
  const ports = { postgres: values.PGPORT, api: values.API_PORT, ui: values.UI_PORT }
  if (new Set(Object.values(ports)).size < 3)
    throw new Refusal(`PGPORT=${ports.postgres}, API_PORT=${ports.api} and UI_PORT=${ports.ui} must be three different ports.`)
  return {
    mode: values.MODE,
    workers: values.WORKERS,
    apis: values.APIS,
    ports,
    autoPorts: values.PORTS === 'auto',
    dev: false,
    debugPort: values.DEBUG_PORT,
    dataDir: values.DATA_DIR,
    logLevel: values.LOG_LEVEL,
    stack: values.STACK,
    part: values.PART,
    apiUrl: values.PAYMENTS_API_URL?.replace(/\/$/, ''),
    databaseUrl: values.PAYMENTS_DATABASE_URL,
    images: values.IMAGES,
    chromiumPath: values.CHROMIUM_PATH,
    repoBase: values.REPO_BASE?.replace(/(?<=[^/])\/+$/, ''),
    only: values.ONLY,
    name: values.NAME,
    needsEngine: values.ENGINE,
    full: values.FULL,
    anchor: values.ANCHOR ? { seq: Number(values.ANCHOR.split(':')[0]), digest: values.ANCHOR.split(':')[1]! } : undefined,
    dest: values.DEST,
    version: values.VERSION,
    push: values.PUSH,
    consoleChaos: values.CONSOLE_CHAOS,
    inheritedEnv: {
      ...pick(given, INHERITED),
      ...(values.PAYMENTS_NODE_OPTIONS && { NODE_OPTIONS: values.PAYMENTS_NODE_OPTIONS }),
    },
    dockerEnv: pick(given, DOCKER),
    named: new Set(NAMED.filter(name => given[name] !== undefined)),
  }
}

function pick(env: NodeJS.ProcessEnv, names: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => names.test(entry[0]) && entry[1] !== undefined))
}

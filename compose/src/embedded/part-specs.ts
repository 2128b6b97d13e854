import type { DataFolder } from '../data/data-folder.ts'
import type { DesiredState, Passwords } from '../data/state.ts'
import type { KillSwitch } from './kill-switch.ts'
import type { PartSpec } from './part.ts'
import type { PostgresHome } from './postgres-home.ts'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { chaosReportFile, readConfig, repoRoot } from '../config.ts'
import { loginUrl } from '../data/logins.ts'
import { debugPort } from '../debug-ports.ts'
import { freePort } from '../machine/ports.ts'
import { findPostgresHome } from './postgres-home.ts'
import { postgresCommand } from './postgres.ts'

/** The inputs that part specs are built from. */
export interface Setting {
  desired: DesiredState
  passwords: Passwords
  home: PostgresHome
  /** The copy of the console's build that is served. */
  consoleCopy: string
  inheritedEnv: Record<string, string>
  /** What the API and the workers get in development form only. */
  devEnv: Record<string, string>
}

/** Reads the inputs for the parts of a data folder. */
export function settingOf(folder: DataFolder, desired: DesiredState): Setting {
  return {
    desired,
    passwords: folder.passwords(),
    home: findPostgresHome(folder),
    consoleCopy: join(folder.path, 'console'),
    inheritedEnv: readConfig().inheritedEnv,
    // Node keeps compiled modules there: with it, an API restarts in 0.3 of the time (0.8 to 1.7 s instead of 2.7 to 5.0 s, two busy cores).
    devEnv: desired.debugPort === undefined ? {} : { NODE_COMPILE_CACHE: join(folder.path, 'compile-cache') },
  }
}

const CHAOS_BACKOFF_MS = 250
/** Node parts drain on SIGTERM, which takes a few seconds at most. */
const NODE_PART = { stopSignal: 'SIGTERM', readyTimeoutMs: 30_000, stopTimeoutMs: 15_000 } as const

/** A part that `make chaos` breaks often restarts at once every time. */
function restarts({ chaos }: DesiredState): Pick<PartSpec, 'longestBackoffMs'> {
  return chaos ? { longestBackoffMs: CHAOS_BACKOFF_MS } : {}
}

/** SIGINT is Postgres's fast shutdown. After a crash, it replays up to 2 GB of WAL before it accepts connections. */
export function postgresPart({ desired, home }: Setting): PartSpec {
  return {
    name: 'postgres',
    stopSignal: 'SIGINT',
    readyTimeoutMs: 120_000,
    stopTimeoutMs: 30_000,
    ...restarts(desired),
    command: async () => postgresCommand(home, desired.ports.postgres, desired.chaos?.env.postgres),
  }
}

/** The command that migrates the schema, as its owner, before any part that uses the schema starts. */
export function migrations({ desired, passwords, inheritedEnv }: Setting) {
  return nodeCommand('payments-api', ['src/migrate.ts'], {
    ...inheritedEnv,
    DATABASE_URL: loginUrl(desired.ports.postgres, 'payments_owner', passwords),
  })
}

/** `api` listens on API_PORT. `api-2` and later, to try several APIs, listen on any free port. */
export function apiPart({ desired, passwords, inheritedEnv, devEnv }: Setting, number: number): PartSpec {
  const name = number === 1 ? 'api' : `api-${number}`
  return {
    ...NODE_PART,
    ...sourcesIn('payments-api', desired),
    ...restarts(desired),
    sharesPort: number === 1 && desired.debugPort === undefined,
    name,
    command: async () => {
      const port = number === 1 ? desired.ports.api : desired.chaos?.apiPorts[number - 2] ?? await freePort()
      return {
        ...nodeCommand('payments-api', [...inspect(name, desired), 'src/main.ts'], {
          ...inheritedEnv,
          ...devEnv,
          ...desired.debugPort !== undefined && { DRAIN_QUIET_MS: '0' },
          NODE_ENV: 'production',
          HOST: '127.0.0.1',
          PORT: String(port),
          LOG_LEVEL: desired.logLevel,
          DATABASE_URL: loginUrl(desired.chaos?.wirePort ?? desired.ports.postgres, 'payments_api', passwords),
          PROOFS_DATABASE_URL: loginUrl(desired.chaos?.wirePort ?? desired.ports.postgres, 'payments_prover', passwords),
          CHAOS_REPORT: chaosReportFile,
        }),
        url: `http://localhost:${port}`,
        health: `http://127.0.0.1:${port}/ready`,
      }
    },
  }
}

/** A worker listens only for health checks, on any free port. */
export function workerPart({ desired, passwords, inheritedEnv, devEnv }: Setting, number: number): PartSpec {
  const name = `worker-${number}`
  return {
    ...NODE_PART,
    ...sourcesIn('recon-worker', desired),
    ...restarts(desired),
    name,
    command: async () => {
      const port = await freePort()
      return {
        ...nodeCommand('recon-worker', [...inspect(name, desired), 'src/main.ts'], {
          ...inheritedEnv,
          ...devEnv,
          NODE_ENV: 'production',
          HOST: '127.0.0.1',
          PORT: String(port),
          LOG_LEVEL: desired.logLevel,
          ...desired.chaos?.env.worker,
          WORKER_ID: name, // stable across restarts, so that repeated crashes are detected
          DATABASE_URL: loginUrl(desired.chaos?.wirePort ?? desired.ports.postgres, 'payments_worker', passwords),
        }),
        url: `http://localhost:${port}`,
        health: `http://127.0.0.1:${port}/ready`,
      }
    },
  }
}

/** The console is served from a copy of its build, so that a rebuild does not remove files in use. */
export function uiPart({ desired, inheritedEnv, consoleCopy }: Setting, killSwitch?: KillSwitch): PartSpec {
  const port = desired.ports.ui
  return {
    ...NODE_PART,
    ...restarts(desired),
    name: 'ui',
    command: async () => {
      await rm(consoleCopy, { recursive: true, force: true })
      await cp(join(repoRoot, 'payments-ui/.output'), consoleCopy, { recursive: true, verbatimSymlinks: true })
      return {
        ...nodeCommand('payments-ui', [join(consoleCopy, 'server/index.mjs')], {
          ...inheritedEnv,
          NODE_ENV: 'production',
          HOST: '127.0.0.1',
          PORT: String(port),
          NUXT_API_URL: `http://127.0.0.1:${desired.ports.api}`,
          NUXT_PUBLIC_API_URL: `http://localhost:${desired.ports.api}`,
          ...killEnv(killSwitch),
        }),
        url: `http://localhost:${port}`,
        health: `http://127.0.0.1:${port}/health`,
      }
    },
  }
}

/** Nuxt's dev server: it applies changes to the open pages by itself. */
export function uiDevPart({ desired, inheritedEnv }: Setting, killSwitch?: KillSwitch): PartSpec {
  const port = desired.ports.ui
  return {
    ...NODE_PART,
    readyTimeoutMs: 120_000, // it builds first
    name: 'ui',
    command: async () => ({
      // Without --no-fork, the servers would be other processes than the one that gets the signals and has the debugger.
      ...nodeCommand('payments-ui', [...inspect('ui', desired), 'node_modules/nuxt/bin/nuxt.mjs', 'dev', '--no-fork', '--host', '127.0.0.1', '--port', String(port)], {
        ...inheritedEnv,
        NODE_ENV: 'development',
        NUXT_API_URL: `http://127.0.0.1:${desired.ports.api}`,
        ...killEnv(killSwitch),
      }),
      url: `http://localhost:${port}`,
      health: `http://127.0.0.1:${port}/health`,
    }),
  }
}

/** The addresses under which a browser on this machine opens the console. */
export function consoleOrigins({ desired }: Setting): string[] {
  return ['localhost', '127.0.0.1'].map(host => `http://${host}:${desired.ports.ui}`)
}

/** Tells the console's pages where workers are killed. Without it, they offer no such thing. */
function killEnv(killSwitch: KillSwitch | undefined): Record<string, string> {
  return killSwitch ? { NUXT_PUBLIC_KILL_URL: killSwitch.url, NUXT_PUBLIC_KILL_TOKEN: killSwitch.token } : {}
}

/** The folder of migrations in development form: new files in it are applied at once. */
export const migrationsFolder = join(repoRoot, 'payments-api/migrations')

function sourcesIn(folder: string, { debugPort }: DesiredState): Pick<PartSpec, 'sources'> {
  return debugPort === undefined ? {} : { sources: join(repoRoot, folder, 'src') }
}

function inspect(part: string, { debugPort: first }: DesiredState): string[] {
  return first === undefined ? [] : [`--inspect=127.0.0.1:${debugPort(first, part)}`]
}

function nodeCommand(folder: string, args: string[], env: Record<string, string>) {
  return {
    file: process.execPath,
    args,
    options: {
      cwd: join(repoRoot, folder),
      env,
    },
  }
}

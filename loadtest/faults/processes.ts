import type { System } from '../runner/with-system.ts'
import type { Fault, Random } from './fault.ts'

export const BOTH = ['embedded', 'compose'] as const
/** Beyond every timeout of the parts: 12 s of silence, 10 s for a statement. */
const BEYOND_TIMEOUTS_MS = [15_000, 20_000] as const
/** Goals of recovery, in milliseconds. */
export const FAST = 3_000
export const SLOW = 10_000

/** The names of the parts of a kind: `api` and `api-2` for `api`. */
export async function partsOf({ stack }: System, kind: string): Promise<string[]> {
  return (await stack.parts()).map(({ name }) => name).filter(name => name === kind || name.startsWith(`${kind}-`))
}

/** Chooses one part of a kind. */
function one(kind: string): Fault['targets'] {
  return async (system: System, random: Random) => [random.pick(await partsOf(system, kind))]
}

const killed = { holdMs: [0, 0], modes: BOTH, stop: async () => {} } as const

/** The stack restarts what is killed, so there is nothing to undo. */
function kill(name: string, kind: string, victim: string, more: Pick<Fault, 'recoveryGoalMs' | 'callersMaySeeErrors'> & Partial<Fault>): Fault {
  return {
    ...killed,
    name,
    description: `${victim} is killed with SIGKILL`,
    targets: one(kind),
    start: async ({ stack }, targets) => targets.forEach(part => stack.kill(part)),
    ...more,
  }
}

export const killWorker = kill('kill-worker', 'worker', 'a worker', { recoveryGoalMs: FAST, callersMaySeeErrors: false })
export const killApi = kill('kill-api', 'api', 'an API', { recoveryGoalMs: FAST, callersMaySeeErrors: true })
export const killConsole = kill('kill-console', 'ui', 'the console', { recoveryGoalMs: FAST, callersMaySeeErrors: false })
export const killPostgres = kill('kill-postgres', 'postgres', 'Postgres', { recoveryGoalMs: SLOW, callersMaySeeErrors: true })
export const killProxy = kill('kill-proxy', 'proxy', 'the proxy', { modes: ['compose'], recoveryGoalMs: FAST, callersMaySeeErrors: true })

/** The parts live on until the next start, which stops them and starts all parts again. */
export const killSupervisor: Fault = {
  ...killed,
  name: 'kill-supervisor',
  description: 'the supervisor of the processes is killed with SIGKILL, and `make up` takes over',
  recoveryGoalMs: SLOW,
  modes: ['embedded'],
  callersMaySeeErrors: true,
  targets: async () => ['supervisor'],
  start: async ({ stack }, targets) => targets.forEach(part => stack.kill(part)),
  stop: async ({ stack }) => void await stack.start(() => {}, new AbortController().signal),
}

/** A frozen part keeps its connections and locks. */
function freeze(name: string, description: string, targets: Fault['targets'], more: Pick<Fault, 'recoveryGoalMs' | 'callersMaySeeErrors'>): Fault {
  return {
    name,
    description: `${description} with SIGSTOP for longer than any timeout, then resumed`,
    holdMs: BEYOND_TIMEOUTS_MS,
    modes: BOTH,
    excuses: ['refunds-wait'],
    targets,
    start: async ({ stack }, chosen) => chosen.forEach(part => stack.pause(part)),
    stop: async ({ stack }, chosen) => {
      // A container that is not paused cannot be resumed, and a part that has been restarted is not paused.
      const paused = (await stack.parts()).filter(({ state }) => state === 'paused').map(({ name }) => name)
      chosen.filter(part => paused.includes(part)).forEach(part => stack.resume(part))
    },
    ...more,
  }
}

export const freezePostgres = freeze('freeze-postgres', 'Postgres is stopped', async () => ['postgres'], { recoveryGoalMs: SLOW, callersMaySeeErrors: true })
/** Payments pile up. After 5 s Postgres takes the locks of a frozen worker's batch away. */
export const freezeWorkers = freeze('freeze-workers', 'every worker is stopped', system => partsOf(system, 'worker'), { recoveryGoalMs: FAST, callersMaySeeErrors: false })
export const freezeWorker = freeze('freeze-worker', 'a worker is stopped', one('worker'), { recoveryGoalMs: FAST, callersMaySeeErrors: false })
export const freezeApi = freeze('freeze-api', 'an API is stopped', one('api'), { recoveryGoalMs: FAST, callersMaySeeErrors: true })

/** Stops a part with SIGTERM (SIGINT for Postgres) while it works, and starts it again. */
function restart(name: string, description: string, targets: Fault['targets'], more: Pick<Fault, 'recoveryGoalMs' | 'callersMaySeeErrors'>): Fault {
  return {
    ...killed,
    name,
    description,
    targets,
    start: async ({ stack }, chosen) => void await Promise.all(chosen.map(part => stack.restart(part))),
    ...more,
  }
}

export const restartWorker = restart('restart-worker', 'a worker gets SIGTERM while it settles, and is started again', one('worker'), { recoveryGoalMs: FAST, callersMaySeeErrors: false })
export const restartApi = restart('restart-api', 'an API gets SIGTERM while it accepts, and is started again', one('api'), { recoveryGoalMs: FAST, callersMaySeeErrors: true })
export const restartEverything = restart('restart-everything', 'every part is stopped at once, and started again', async ({ stack }) => (await stack.parts()).map(({ name }) => name), { recoveryGoalMs: SLOW, callersMaySeeErrors: true })

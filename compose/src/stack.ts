/** The error of a verb that needs a running system. */
export const NOTHING_RUNS = 'Nothing is running here. Start the system with `make up`.'

/** A part of a running stack: `postgres`, `api`, `ui`, `worker-1` and so on. */
export interface PartStatus {
  name: string
  /** `running`, `starting`, `paused`, `waiting to restart`, ... */
  state: string
  pid: number | null
  /** Milliseconds since the last start; null if the part is not running. */
  uptimeMs: number | null
  /** The number of restarts after a crash. */
  restarts: number
  url: string
  /** 'ok' or a short reason. */
  health: string
  /** The last unexpected exit, with the last log lines before it. */
  lastDeath: { at: number, how: string, lines: string[] } | null
}

/** The addresses of a running stack. */
export interface Endpoints {
  ui: string
  api: string
  /** The URL of the read-only login. */
  databaseUrl: string
  /** The URL of the schema's owner, which may add anchors. */
  ownerUrl: string
  postgresPort: number
}

/** The services that `make redeploy` can replace. Processes have no proxy. */
export const REDEPLOYED = ['api', 'worker', 'ui', 'proxy'] as const
export type RedeployedService = typeof REDEPLOYED[number]

export interface LogLine { part: string, text: string }

/**
 * A step of a start: `tookMs` is null while it runs, then its duration. `detail` says what it does or waits for, and can change
 * while it runs.
 */
export interface Step { name: string, tookMs: number | null, detail?: string }

/** Receives each step of a start when it begins, when its detail changes and when it ends. */
export type Progress = (step: Step) => void

/** Does the work as a step: reports its begin, and its duration unless it throws. */
export async function runStep(progress: Progress, name: string, work: () => Promise<unknown>, detail?: string): Promise<void> {
  const begin = Date.now()
  progress({ name, tookMs: null, ...(detail !== undefined && { detail }) })
  await work()
  progress({ name, tookMs: Date.now() - begin })
}

/** What a start did. `updated`: parts that were missing, killed or out of date were started, the others left alone. */
export type Outcome = 'started' | 'updated' | 'already up'

/**
 * The whole system, in any mode. All code that starts, checks, loads or breaks the system uses this interface, so the same
 * tests cover every implementation. Expected failures throw a Refusal; every wait has a deadline.
 */
export interface Stack {
  /** Starts all parts, or what the running stack lacks of the settings, and returns once each part is healthy. */
  start: (progress: Progress, signal: AbortSignal) => Promise<Outcome>
  /** Stops all parts. Returns false if nothing was running. */
  stop: () => Promise<boolean>
  /** Stops all parts and removes the data. */
  reset: () => Promise<void>
  /** Whether any part of the stack exists, running or left behind. */
  exists: () => boolean
  /** Returns every part with its current health; empty if nothing is running. */
  parts: () => Promise<PartStatus[]>
  endpoints: () => Endpoints
  /** Changes the number of workers, and waits until each is healthy. */
  scale: (workers: number) => Promise<void>
  /**
   * Kills a part without warning, like a crash. The stack restarts it. Processes have a `supervisor` too: its parts live on, and the
   * next start() takes over.
   */
  kill: (part: string) => void
  /** Freezes a part, which keeps its connections and locks. */
  pause: (part: string) => void
  resume: (part: string) => void
  /** Stops a part gracefully, starts it again, and waits until it is healthy. */
  restart: (part: string) => Promise<void>
  /** Rebuilds a service and replaces its processes or containers. No request to an API fails meanwhile. */
  redeploy: (service: RedeployedService, progress: Progress) => Promise<void>
  /** Forces a full garbage collection in a Node part, so that its memory is only what it still references. */
  collectGarbage: (part: string) => Promise<void>
  /** Yields the last lines of each part's log; with `follow`, then new lines until the stack stops or the signal aborts. */
  logs: (options: { lines: number, follow: boolean, signal: AbortSignal }) => AsyncIterable<LogLine>
}

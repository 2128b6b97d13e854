/** A part of a running stack: `postgres`, `api`, `ui`, `worker-1` and so on. */
export interface PartStatus {
  name: string
  /** `running`, `starting`, `paused`, `waiting to restart`, ... */
  state: string
  pid: number | null
  /** Milliseconds since its last start; null when it does not run. */
  uptimeMs: number | null
  /** How often it was started again after it had died. */
  restarts: number
  url: string
  /** 'ok', or in a few words why not. */
  health: string
  /** How it last ended without having been asked to, and its last log lines then. */
  lastDeath: { at: number, how: string, lines: string[] } | null
}

/** Where a running stack answers. */
export interface Endpoints {
  ui: string
  api: string
  /** A login that may read everything and change nothing. */
  databaseUrl: string
  postgresPort: number
}

export interface LogLine { part: string, text: string }

/** A step of a start: `tookMs` is null when it begins, its duration once it is done. */
export interface Step { name: string, tookMs: number | null }

/** Receives each step of a start as it begins and as it ends. */
export type Progress = (step: Step) => void

/**
 * The whole system, however it is run. All that starts, checks, loads or breaks it goes through this, so that what is
 * proven on one implementation holds on the other. Expected failures are thrown as a Refusal; every wait has a deadline.
 */
export interface Stack {
  /** Starts all parts and returns when each is healthy. 'already up' when it was: then nothing was changed. */
  start: (progress: Progress, signal: AbortSignal) => Promise<'started' | 'already up'>
  /** Stops all parts. False when nothing ran. */
  stop: () => Promise<boolean>
  /** Stops all parts and removes the data. */
  reset: () => Promise<void>
  /** Whether anything of it is there, running or left behind. */
  exists: () => boolean
  /** Every part, its health asked just now. Empty when nothing runs. */
  parts: () => Promise<PartStatus[]>
  endpoints: () => Endpoints
  /** Makes so many workers run, and waits until each is healthy. */
  scale: (workers: number) => Promise<void>
  /** Ends a part without warning, as a crash would. It is restarted. */
  kill: (part: string) => void
  /** Freezes a part: it keeps its connections and its locks, and does nothing. */
  pause: (part: string) => void
  resume: (part: string) => void
  /** Stops a part as it wants to be stopped, starts it again, and waits until it is healthy. */
  restart: (part: string) => Promise<void>
  /** Makes a part that is a Node process collect all its garbage: the memory it then has is what it holds on to. */
  collectGarbage: (part: string) => Promise<void>
  /** The last lines of each part's log, then, if asked to follow, new ones until the stack stops or the signal comes. */
  logs: (options: { lines: number, follow: boolean, signal: AbortSignal }) => AsyncIterable<LogLine>
}

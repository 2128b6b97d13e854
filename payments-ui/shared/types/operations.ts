export interface Worker {
  id: string
  host: string
  pid: number
  /** Consecutive starts after an unclean stop, including the last one. */
  uncleanStops: number
  /** `running`, `stopped` or `lost` (no heartbeats, and it did not report that it stopped). */
  state: string
  /** The worker that took over from a lost one; null if none did. */
  replacedBy: string | null
  startedAt: string
  lastSeenAt: string
  /** Null while it runs, and if it did not stop cleanly. */
  stoppedAt: string | null
  /** Payments settled since the worker started. */
  settled: number
}

/** All fields are null while the queue runs. */
export interface QueuePause {
  /** ISO 8601. */
  pausedAt: string | null
  /** `operator` through the API, or `recon-worker` because most jobs were refused. */
  pausedBy: string | null
  /** Null also if no reason was given. */
  pauseReason: string | null
}

export interface SettleRate {
  /** The period that the figures cover, in seconds; shorter just after a start. */
  windowSeconds: number
  settled: number
  settledPerSecond: number
}

/** What GET /operations returns. */
export interface Operations {
  queue: QueuePause & {
    /** Both are counted up to 100,000. */
    waiting: number
    dead: number
    /** How long the oldest due job has been waiting; null if no job is due. */
    oldestSeconds: number | null
  }
  /** Over the last five minutes. */
  settled: SettleRate & {
    /** Over the last ten seconds. */
    now: SettleRate
    /** From accepted to settled; null if nothing settled. Percentiles are estimates, `longest` is exact. */
    latencyMs: { p50: number | null, p95: number | null, p99: number | null, longest: number | null }
  }
  /** Payments that settled so, both counted up to 1,000. An API older than the console does not count them. */
  exceptions?: { discrepancy: number, failed: number }
  /** The workers seen in the last hour, newest first. */
  workers: Worker[]
}

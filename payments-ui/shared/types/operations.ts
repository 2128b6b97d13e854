export interface Worker {
  id: string
  /** `running`, `stopped` or `lost`: silent without having said that it stops. */
  state: string
  startedAt: string
  lastSeenAt: string
  /** Payments settled since it was started. */
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
  /** The seconds that the figures cover; fewer shortly after a start. */
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
    /** How long the oldest due job has been waiting; null when none is. */
    oldestSeconds: number | null
  }
  /** Over five minutes. */
  settled: SettleRate & {
    /** Over ten seconds. */
    now: SettleRate
    /** From accepted to settled; null while nothing settled. Percentiles are estimates, the longest is exact. */
    latencyMs: { p50: number | null, p95: number | null, p99: number | null, longest: number | null }
  }
  /** Those seen within the last hour, the newest first. */
  workers: Worker[]
}

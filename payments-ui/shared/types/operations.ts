export interface Worker {
  id: string
  /** `running`, `stopped` or `lost`: silent without having said that it stops. */
  state: string
  startedAt: string
  lastSeenAt: string
  /** Payments settled since it was started. */
  settled: number
}

/** What GET /operations answers. */
export interface Operations {
  queue: {
    /** Both are counted up to 100,000. */
    waiting: number
    dead: number
    /** How long the oldest due job has been waiting; null when none is. */
    oldestSeconds: number | null
  }
  settled: {
    /** The figures are over this time: five minutes, fewer just after a start. */
    windowSeconds: number
    settled: number
    settledPerSecond: number
    /** From accepted to settled; null while nothing settled. */
    latencyMs: { p50: number | null, p95: number | null, p99: number | null }
  }
  /** Those seen within the last hour, the newest first. */
  workers: Worker[]
}

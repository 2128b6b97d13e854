export interface Proof {
  name: string
  sentence: string
  /** `unchecked`, `holds`, `broken`, or `unfinished`: its query took too long, so nothing is known. */
  state: string
  /** ISO 8601; null while unchecked. */
  checkedAt: string | null
  /** The duration of its query, which checks other invariants too. */
  tookMs: number | null
  /** Rows that break it, and some of them as JSON. */
  brokenRows: number
  examples: string[]
}

export interface ChaosReport {
  finishedAt: string
  passed: boolean
  sentences: string[]
}

/** What GET /proofs and POST /proofs/run return. */
export interface Proofs {
  /** `unavailable`, `idle` or `running`. */
  state: string
  startedAt: string | null
  finishedAt: string | null
  /** Null if all payments were checked; otherwise an anchor covers those before this one. */
  since: string | null
  /** The last run broke off. */
  failed: boolean
  proofs: Proof[]
  chaos: ChaosReport | null
}

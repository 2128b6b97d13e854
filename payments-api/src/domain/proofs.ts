import type { Logger } from 'pino'

/** A run asked for within this time of the last one gets its result. */
const CACHE_MS = 10_000
/** Rows of a broken invariant that are kept as examples, and their most characters. */
const EXAMPLES = 3
const EXAMPLE_CHARACTERS = 500

/** One query that checks some invariants: each row that it returns breaks those that it names. */
export interface Pass {
  sql: string
  invariants: { name: string, sentence: string }[]
}

/** What a pass found; undefined if it was given up at its time limit. */
export type PassOutcome = { broken: string[] }[] | undefined

export interface CheckedPass { pass: Pass, outcome: PassOutcome, tookMs: number }

/** Runs the passes in one snapshot. Calls `begun` with the first payment that they check: undefined means all. */
export type CheckInvariants = (passes: readonly Pass[], begun: (since: string | undefined) => void) => AsyncIterable<CheckedPass>

export interface Proof {
  name: string
  sentence: string
  state: 'unchecked' | 'holds' | 'broken' | 'unfinished'
  /** When it was last checked; null while unchecked. */
  checkedAt: Date | null
  /** The duration of its pass, which checks other invariants too. */
  tookMs: number | null
  brokenRows: number
  /** Some of the rows that break it, as JSON. */
  examples: string[]
}

export interface Proofs {
  state: 'unavailable' | 'idle' | 'running'
  startedAt: Date | null
  finishedAt: Date | null
  /** The first payment that was checked, by id; null means all. */
  since: string | null
  /** The last run broke off. */
  failed: boolean
  proofs: Proof[]
}

export interface ProofRunner {
  /** Starts a run, unless one is running or has just ended. */
  run: () => void
  read: () => Proofs
}

/** Checks the invariants on request, one run at a time, and keeps the results of the last run. */
export function proofs({ passes, check, log, nowMs = Date.now }: {
  passes: readonly Pass[]
  /** Undefined if there is no login to check them with. */
  check: CheckInvariants | undefined
  log: Pick<Logger, 'error'>
  nowMs?: () => number
}): ProofRunner {
  const results = new Map(passes.flatMap(({ invariants }) => invariants).map(({ name, sentence }): [string, Proof] => [name, unchecked(name, sentence)]))
  let status: Omit<Proofs, 'proofs'> = { state: check ? 'idle' : 'unavailable', startedAt: null, finishedAt: null, since: null, failed: false }

  async function runAll(check: CheckInvariants): Promise<void> {
    status = { ...status, state: 'running', startedAt: new Date(nowMs()), finishedAt: null, failed: false }
    try {
      for await (const checked of check(passes, since => status.since = since ?? null)) {
        for (const proof of judge(checked, new Date(nowMs())))
          results.set(proof.name, proof)
      }
    }
    catch (error) {
      log.error({ err: error }, 'the proofs broke off')
      status.failed = true
    }
    status = { ...status, state: 'idle', finishedAt: new Date(nowMs()) }
  }

  return {
    run: () => {
      const isFresh = status.finishedAt !== null && !status.failed && nowMs() - status.finishedAt.getTime() < CACHE_MS
      if (check && status.state === 'idle' && !isFresh)
        void runAll(check)
    },
    read: () => ({ ...status, proofs: [...results.values()] }),
  }
}

function unchecked(name: string, sentence: string): Proof {
  return { name, sentence, state: 'unchecked', checkedAt: null, tookMs: null, brokenRows: 0, examples: [] }
}

function judge({ pass, outcome, tookMs }: CheckedPass, checkedAt: Date): Proof[] {
  return pass.invariants.map(({ name, sentence }) => {
    const rows = outcome?.filter(({ broken }) => broken.includes(name)) ?? []
    return {
      name,
      sentence,
      state: outcome === undefined ? 'unfinished' : rows.length > 0 ? 'broken' : 'holds',
      checkedAt,
      tookMs,
      brokenRows: rows.length,
      examples: rows.slice(0, EXAMPLES).map(({ broken: _, ...row }) => JSON.stringify(row).slice(0, EXAMPLE_CHARACTERS)),
    }
  })
}

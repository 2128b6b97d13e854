import type { Logger } from 'pino'

/** A run asked for within this time of the last one gets its result. */
const CACHE_MS = 10_000
/** Rows of a broken invariant that are kept as examples, and their most characters. */
const EXAMPLES = 3
const EXAMPLE_CHARACTERS = 500
/** Rows that a pass returns at most: a broken invariant can break for every payment. One with so many may have found no more. */
export const MAX_ROWS = 1_000

export interface Invariant { name: string, sentence: string }

/** One query that checks some invariants: each row that it returns breaks those that it names. */
export interface Pass {
  sql: string
  /** Those that its file explains. The query may also name invariants of other files. */
  invariants: Invariant[]
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
  /** The duration of its file's pass, which checks other invariants too. */
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
  const invariants = passes.flatMap(pass => pass.invariants.map(invariant => ({
    invariant,
    checkedBy: passes.filter(other => other === pass || other.sql.includes(`'${invariant.name}'`)),
  })))
  const results = new Map(invariants.map(({ invariant }): [string, Proof] => [invariant.name, unchecked(invariant)]))
  let status: Omit<Proofs, 'proofs'> = { state: check ? 'idle' : 'unavailable', startedAt: null, finishedAt: null, since: null, failed: false }

  async function runAll(check: CheckInvariants): Promise<void> {
    status = { ...status, state: 'running', startedAt: new Date(nowMs()), finishedAt: null, failed: false }
    try {
      const checked = new Map<Pass, CheckedPass>()
      for await (const each of check(passes, since => status.since = since ?? null)) {
        checked.set(each.pass, each)
        for (const { invariant, checkedBy } of invariants) {
          if (checkedBy.includes(each.pass) && checkedBy.every(pass => checked.has(pass)))
            results.set(invariant.name, judge(invariant, checkedBy.map(pass => checked.get(pass)!), new Date(nowMs())))
        }
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

function unchecked({ name, sentence }: Invariant): Proof {
  return { name, sentence, state: 'unchecked', checkedAt: null, tookMs: null, brokenRows: 0, examples: [] }
}

/** Judges an invariant by all passes that check it. */
function judge(invariant: Invariant, checked: CheckedPass[], checkedAt: Date): Proof {
  const rows = checked.flatMap(({ outcome }) => outcome ?? []).filter(({ broken }) => broken.includes(invariant.name))
  const isComplete = checked.every(({ outcome }) => outcome !== undefined && outcome.length < MAX_ROWS)
  return {
    ...invariant,
    state: rows.length > 0 ? 'broken' : isComplete ? 'holds' : 'unfinished',
    checkedAt,
    tookMs: checked.find(({ pass }) => pass.invariants.includes(invariant))!.tookMs,
    brokenRows: Math.min(rows.length, MAX_ROWS),
    examples: rows.slice(0, EXAMPLES).map(({ broken: _, ...row }) => JSON.stringify(row).slice(0, EXAMPLE_CHARACTERS)),
  }
}

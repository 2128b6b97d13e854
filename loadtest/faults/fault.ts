import type { System } from '../runner/with-system.ts'

/** Draws from a seed, so that a run repeats. */
export interface Random {
  /** At least 0 and less than 1. */
  number: () => number
  /** A whole number within these bounds, both inclusive. */
  integer: (min: number, max: number) => number
  pick: <T>(of: readonly T[]) => T
}

/** What our parts never do by themselves, but may do while a fault lasts. */
export type Excuse = 'attempts' | 'deadlocks' | 'refunds-wait'

/**
 * A fault as a value, like a Jepsen nemesis. `make chaos` and the k6 scenarios refer to it by name, alone or together with others,
 * and decide how long it lasts.
 */
export interface Fault {
  /** How settings, scenarios and reports refer to it: `kill-worker`. */
  name: string
  /** One phrase for the live line and the table: "a worker is killed with SIGKILL". */
  description: string
  /** The goal: the first payment settles again within this many milliseconds after stop() returned. */
  recoveryGoalMs: number
  /** How long the runner holds the fault, as the bounds of a seeded choice; [0, 0] for one that is over at once. */
  holdMs: readonly [min: number, max: number]
  /** On which stacks it can run. */
  modes: readonly ('embedded' | 'compose')[]
  /** Whether callers may see errors (5xx, lost connections) while it lasts. A fault that must be invisible says false. */
  callersMaySeeErrors: boolean
  /**
   * Of jobs that are refused: counted attempts. Of locks that somebody else takes: deadlocks. Of a worker that stands still: refunds
   * wait for payments that it has locked, and give up. Default: none.
   */
  excuses?: readonly Excuse[]
  /** Why it cannot run on this system or machine, for people; null if it can. The runner skips it and says so. Default: null. */
  unavailable?: (system: System) => Promise<string | null>
  /** Chooses what to hit. Called once, before any fault starts. Draws every choice from `random`, so that a seed repeats it. */
  targets: (system: System, random: Random) => Promise<string[]>
  start: (system: System, targets: string[], random: Random) => Promise<void>
  /** Undoes start(), even when start() failed halfway or never ran; idempotent. */
  stop: (system: System, targets: string[]) => Promise<void>
}

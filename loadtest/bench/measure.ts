/** What one run of a contender gave: each figure by its name, which says the unit. */
export type Figures = Record<string, number>

/** What the median of a figure should be: itself, or, with `to`, its ratio to that of another contender. */
export interface Goal {
  what: string
  of: string
  to?: string
  /** Without it, each figure must reach the goal, and the worst one is shown. */
  figure?: string
  /** The figure that this does not ask of, where it asks of each. */
  except?: string
  atLeast?: number
  atMost?: number
}

/** What a measure is given to run with. */
export interface Course {
  /** Runs the contenders in turn, round after round: A B A B. The first is what the others are compared with. */
  compare: (contenders: Record<string, () => Promise<Figures>>) => Promise<void>
  /** A remark that the results show, such as a contender that could not run. */
  note: (line: string) => void
  /** What a preparation does that takes a while. */
  progress: (line: string) => void
  /** The number for full size, made smaller when the whole comparison is. */
  sized: (full: number) => number
  /** What has been started is given here to be ended, in reverse order, however the measure ends. */
  resources: AsyncDisposableStack
  /** Ends every wait. */
  signal: AbortSignal
}

/** A question that the benchmarks answer. */
export interface Measure {
  /** As in ONLY. */
  name: string
  title: string
  /** How it is measured, for a reader who wants to judge whether it is fair. */
  how: string
  goals: Goal[]
  run: (course: Course) => Promise<void>
}

/** The figures of every round of each contender. */
export interface Outcome {
  measure: Measure
  rounds: Record<string, Figures[]>
  notes: string[]
}

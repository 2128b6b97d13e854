/** The figures of one run of a contender, by name; the name contains the unit. */
export type Figures = Record<string, number>

/** A target for the median of a figure, or for its ratio to a baseline's. */
export interface Goal {
  what: string
  contender: string
  /** The contender to divide by. Without it, the goal is about the figure itself. */
  baseline?: string
  /** Without it, every figure must reach the goal, and the worst one is shown. */
  figure?: string
  /** A figure to leave out when every other one must reach the goal. */
  exceptFigure?: string
  atLeast?: number
  atMost?: number
}

/** What a measure needs to run. */
export interface MeasureContext {
  /** Runs the contenders alternately for every round: A B A B. The results show ratios to the first contender. */
  compare: (contenders: Record<string, () => Promise<Figures>>) => Promise<void>
  /** Adds a remark to the results, for example that a contender could not run. */
  note: (line: string) => void
  /** Prints what a long preparation is doing. */
  progress: (line: string) => void
  /** Scales a number down from its full size by SIZE. */
  scaled: (full: number) => number
  /** Ends what the measure started, in reverse order, even if the measure fails. */
  resources: AsyncDisposableStack
  /** Ends every wait. */
  signal: AbortSignal
}

/** A question that the benchmarks answer. */
export interface Measure {
  /** Its name in ONLY. */
  name: string
  title: string
  /** The method, in enough detail to judge whether the comparison is fair. */
  how: string
  goals: Goal[]
  run: (context: MeasureContext) => Promise<void>
}

export interface MeasureOutcome {
  measure: Measure
  /** The figures of every round, by contender. */
  rounds: Record<string, Figures[]>
  notes: string[]
}

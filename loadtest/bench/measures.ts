import type { Measure } from './measure.ts'
import { accepting } from './measures/accept.ts'
import { backlog } from './measures/backlog.ts'
import { latency } from './measures/latency.ts'
import { reading } from './measures/reads.ts'
import { hotAccount, settling, workers } from './measures/settle.ts'
import { starting } from './measures/start.ts'

/** Every measure, in the order in which they run. */
export const measures: Measure[] = [accepting, settling, hotAccount, workers, backlog, latency, reading, starting]

/** The panels of the chart in the root README. */
export const panels = [
  { measure: accepting, figure: 'accepted/s', title: 'Payments accepted per second' },
  { measure: settling, figure: 'settled/s', title: 'Payments settled per second, exactly once' },
]

import type { Measure } from './measure.ts'
import { accepting } from './measures/accept.ts'
import { backlog } from './measures/backlog.ts'
import { latency } from './measures/latency.ts'
import { reading } from './measures/reads.ts'
import { hotAccount, settling, workers } from './measures/settle.ts'
import { starting } from './measures/start.ts'

/** Everything that is measured, in the order in which it runs. */
export const measures: Measure[] = [accepting, settling, hotAccount, workers, backlog, latency, reading, starting]

/** What the README's picture shows of it. */
export const panels = [
  { measure: accepting, figure: 'accepted/s', title: 'Payments accepted a second' },
  { measure: settling, figure: 'settled/s', title: 'Payments settled a second, exactly once' },
]

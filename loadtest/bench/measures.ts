import type { Measure } from './measure.ts'
import { hotAccount, settling, workers } from './measures/settle.ts'

/** Everything that is measured, in the order in which it runs. */
export const measures: Measure[] = [settling, hotAccount, workers]

/** What the README's picture shows of it. */
export const panels = [
  { measure: settling, figure: 'settled/s', title: 'Payments settled a second, exactly once' },
]

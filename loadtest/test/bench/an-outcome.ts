import type { Figures, Goal, MeasureOutcome } from '../../bench/measure.ts'

export function anOutcome(rounds: Record<string, Figures[]>, goals: Goal[] = []): MeasureOutcome {
  return { measure: { name: 'some', title: 'A measure', how: 'A method.', goals, run: async () => {} }, rounds, notes: [] }
}

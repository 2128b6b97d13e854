import type { Figures, Goal, Outcome } from '../../bench/measure.ts'

export function anOutcome(rounds: Record<string, Figures[]>, goals: Goal[] = []): Outcome {
  return { measure: { name: 'some', title: 'Some measure', how: 'Somehow.', goals, run: async () => {} }, rounds, notes: [] }
}

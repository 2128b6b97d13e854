import type { Step } from './step.ts'
import { runScript } from './step.ts'

/** Each contract that is generated from code, and the script that does it. Consumers come last: their tests read the schema. */
const RECORDERS = [
  [['payments-api', 'schema', 'schema.sql'], ['payments-api', 'openapi', 'openapi.json']],
  [
    ['payments-ui', 'pacts', 'pacts/payments-ui-payments-api.json'],
    ['recon-worker', 'pacts', 'pacts/recon-worker-payments-api.json'],
    ['payments-api', 'pacts', 'pacts/payments-api-recon-worker.json'],
  ],
] as const

export const RECORDED = [
  ...RECORDERS.flat().map(([service, script, file]) => ({ service, script, file })),
  { service: 'payments-api', script: 'schema', file: 'invariants/guards.sql' },
]

/** Generates all contracts from the services' code into this folder. */
export async function record(into: string): Promise<Step[]> {
  const steps: Step[] = []
  for (const together of RECORDERS)
    steps.push(...await Promise.all(together.map(([service, script]) => runScript(service, script, into))))
  return steps
}

import type { ProofRunner } from '../domain/proofs.ts'
import type { ChaosReport } from '../read-chaos-report.ts'
import type { Route } from './route.ts'
import { z } from 'zod'
import { defineRoute } from './route.ts'
import { named } from './schemas.ts'

const Time = z.string().meta({ format: 'date-time' }).nullable()

const Proofs = z.object({
  state: z.enum(['unavailable', 'idle', 'running']).describe('unavailable: this API has no login to check the invariants with'),
  startedAt: Time.describe('When the last run started; null before the first'),
  finishedAt: Time.describe('When it ended; null while it runs'),
  since: z.string().nullable().describe('The first payment checked, by id, if an anchor covers those before it; null if all were checked'),
  failed: z.boolean().describe('The last run broke off, for example because the database was away or another process was checking'),
  proofs: z.array(z.object({
    name: z.string(),
    sentence: z.string(),
    state: z.enum(['unchecked', 'holds', 'broken', 'unfinished']).describe('unfinished: its query exceeded its time limit, so nothing is known'),
    checkedAt: Time,
    tookMs: z.int().nullable().describe('The duration of its query, which checks other invariants too'),
    brokenRows: z.int().describe('Rows that break it, counted up to 1,000'),
    examples: z.array(z.string()).describe('Some of these rows, as JSON'),
  })),
  chaos: z.object({
    finishedAt: z.string().meta({ format: 'date-time' }),
    passed: z.boolean(),
    sentences: z.array(z.string()),
  }).nullable().describe('The last chaos run, if its report is configured and exists'),
}).register(named, { id: 'Proofs' })

export interface ProofsDeps {
  proofs: ProofRunner
  readChaosReport: () => Promise<ChaosReport | null>
}

export function proofRoutes({ proofs, readChaosReport }: ProofsDeps): Route[] {
  const json = async (): Promise<object> => ({ ...proofs.read(), chaos: await readChaosReport() })
  return [
    defineRoute({
      tag: 'Operations',
      operationId: 'getProofs',
      method: 'get',
      path: '/proofs',
      summary: 'Get the invariants of the books, and whether the last check found them intact',
      responses: {
        200: { description: 'The invariants, as last checked', schema: Proofs },
      },
      handle: async (_input, _req, res) => void res.json(await json()),
    }),
    defineRoute({
      tag: 'Operations',
      operationId: 'runProofs',
      method: 'post',
      path: '/proofs/run',
      summary: 'Check the invariants',
      description: 'Starts a check and responds at once: get /proofs to follow it. One check runs at a time, and one that ended within the last 10 s is not repeated.',
      responses: {
        200: { description: 'The invariants, while they are being checked', schema: Proofs },
      },
      handle: async (_input, _req, res) => {
        proofs.run()
        res.json(await json())
      },
    }),
  ]
}

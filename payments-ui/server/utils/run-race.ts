import type { AcceptedPayment } from '../../shared/types/payment.ts'
import type { Race } from '../../shared/types/race.ts'
import type { ApiResult } from './payments-api.ts'

/** Few enough for a button that anybody may press, and more than the six connections that a browser would open. */
const REQUESTS = 20

/** Sends the same payment 20 times at once and reports each response. Sent from here, because a browser would queue most of them. */
export async function runRace(createPayment: () => Promise<ApiResult<AcceptedPayment>>): Promise<Race> {
  const begin = performance.now()
  const sinceBegin = () => Math.round((performance.now() - begin) * 10) / 10
  return {
    lanes: await Promise.all(Array.from({ length: REQUESTS }, async () => {
      const startedMs = sinceBegin()
      const result = await createPayment()
      return {
        startedMs,
        endedMs: sinceBegin(),
        status: result.ok ? result.status : result.problem.status,
        replayed: result.headers['idempotent-replayed'] === 'true',
        text: result.ok ? result.text : null,
        problem: result.ok ? null : result.problem,
      }
    })),
  }
}

import { describe, expect, it } from 'vitest'
import { createPaymentsApi } from '../../server/utils/payments-api'
import { runRace } from '../../server/utils/run-race'
import { listen, sendJson, sendProblemJson } from '../support/fake-api'

describe('runRace', () => {
  it('sends 20 requests at once: none waits for the response to another', async () => {
    let arrived = 0
    const all = Promise.withResolvers<void>()
    const baseUrl = await listen(async (_req, res) => {
      const first = arrived++ === 0
      if (arrived === 20)
        all.resolve()
      await all.promise
      sendJson(res, 201, { id: '1' }, first ? {} : { 'idempotent-replayed': 'true' })
    })
    const api = createPaymentsApi({ baseUrl })
    const { lanes } = await runRace(() => api.createPayment({ body: '{}', idempotencyKey: 'k' }))
    expect(lanes).toHaveLength(20)
    expect(lanes.filter(lane => !lane.replayed)).toHaveLength(1)
    expect(new Set(lanes.map(lane => lane.text))).toEqual(new Set(['{"id":"1"}']))
    for (const { startedMs, endedMs } of lanes)
      expect(endedMs).toBeGreaterThanOrEqual(startedMs)
  })

  it('reports a refusal as its lane', async () => {
    const baseUrl = await listen((_req, res) => sendProblemJson(res, 422, { type: '/problems/currency-mismatch', title: 'Wrong currency' }))
    const api = createPaymentsApi({ baseUrl })
    const { lanes } = await runRace(() => api.createPayment({ body: '{}' }))
    expect(lanes[0]).toMatchObject({ status: 422, replayed: false, text: null, problem: { title: 'Wrong currency' } })
  })
})

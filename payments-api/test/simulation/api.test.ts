import type { Call, Outcome, Scenario } from './support/simulate-api.ts'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { OverloadedError } from '../../src/domain/in-batches.ts'
import { isRefusedRow, UnconfirmedError } from '../../src/sql/database-errors.ts'
import { REFUSED } from './support/payments-model.ts'
import { runSchedules } from './support/run-schedules.ts'
import { ANSWER_WITHIN_MS, simulateApi } from './support/simulate-api.ts'
import { installClock, restoreClock } from './support/virtual-clock.ts'

const REFUSALS = ['23514', '22003']
const kind = fc.constantFrom('lost request', 'lost reply', 'orphaned', 'slow', 'unconfirmed', '40001', '40P01', '57P01', '57014', '55P03', '25006', '53300', '53100', '08006', 'P0001', '42501', 'XX000', ...REFUSALS)
const atMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1_000 }))
const forMs = fc.integer({ min: 1, max: 2_500 })
const mostly = <T>(usual: T, rare: T): fc.Arbitrary<T> => fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(rare) })
const scenarios = fc.record({
  seed: fc.nat(),
  processes: fc.integer({ min: 1, max: 2 }),
  requests: fc.array(fc.record({
    atMs,
    key: fc.constantFrom('k0', 'k1', 'k2', 'k3', 'k4', 'k5'),
    account: fc.constantFrom('a0', 'a1', 'a2'),
    currency: mostly('USD', 'EUR'),
    minorUnits: mostly(100, 200),
    description: mostly('', REFUSED),
  }), { maxLength: 10 }),
  faults: fc.array(fc.record({ operation: fc.nat(30), kind }), { maxLength: 4 }),
  settledAtMs: fc.array(atMs, { maxLength: 3 }),
  incidents: fc.array(fc.oneof(
    fc.record({ atMs, forMs, kind: fc.constantFrom('outage', 'read-only', 'key held', 'page away') }),
    fc.record({ atMs, kind: fc.constantFrom('restart', 'listen lost', 'listen silent') }),
  ), { maxLength: 3 }),
}) as fc.Arbitrary<Scenario>

describe('a simulated API', () => {
  before(installClock)
  after(restoreClock)

  it('gives every caller one true response in time, and every page every settled payment, whatever fails', async () => {
    await runSchedules(scenarios, async scenario => check(await simulateApi(scenario), scenario))
  })

  it('does the same on Knex\'s own pool', async () => {
    await runSchedules(scenarios, async scenario => check(await simulateApi(scenario, { knex: true }), scenario), { share: 0.02 })
  })

  // Both schedules were found by the simulation.
  const request = { atMs: 0, key: 'k0', account: 'a0', currency: 'USD', minorUnits: 100, description: '' }

  it('knows an account\'s currency until the write ends, even if LISTEN reconnects meanwhile', async () => {
    const scenario: Scenario = {
      seed: 2147482451,
      processes: 1,
      requests: [{ ...request, account: 'a2' }, { ...request, atMs: 1, key: 'k5', account: 'a2', currency: 'EUR' }],
      faults: [],
      settledAtMs: [],
      incidents: [{ atMs: 9, forMs: 195, kind: 'outage' }],
    }
    check(await simulateApi(scenario), scenario)
  })

  it('reports a payment as created although the look-up of another payment of its batch fails', async () => {
    const scenario: Scenario = {
      seed: 720350823,
      processes: 2,
      requests: [request, { ...request, atMs: 4 }, { ...request, key: 'k1' }, request],
      faults: [{ operation: 11, kind: '42501' }, { operation: 1, kind: 'lost request' }],
      settledAtMs: [],
      incidents: [],
    }
    check(await simulateApi(scenario), scenario)
  })

  it('keeps a LISTEN connection that works: all that it sends while nothing happens is its probes', async () => {
    const scenario: Scenario = { seed: 1, processes: 1, requests: [{ ...request, atMs: 60_000 }], faults: [], settledAtMs: [], incidents: [] }
    const outcome = await simulateApi(scenario)
    check(outcome, scenario)
    assert.deepEqual(outcome.server.load.slice(1, 60).filter(Boolean), [1, 1, 1, 1, 1])
  })
})

function check({ model, server, calls, repeats, allAnswered, pagesCaughtUp }: Outcome, { faults }: Scenario): void {
  assert.deepEqual(server.violations, [])
  assert.ok(allAnswered, 'a caller got no response in time')
  for (const call of [...calls, ...repeats])
    checkCall(call, model)
  for (const { error, request } of repeats)
    assert.ok(error === undefined || request.description === REFUSED, `the repeat failed: ${String(error)}`)
  for (const { error, request } of calls)
    assert.ok(!isRefusedRow(error) || request.description === REFUSED || faults.some(({ kind }) => REFUSALS.includes(kind)), 'a payment got the error of another')
  assert.ok(pagesCaughtUp, 'a page does not show a settled payment')
}

/** An ok means that the payment is committed, and a refusal that it is not. The caller is left in doubt only if a reply was lost. */
function checkCall({ request, payment, result, error, startedAtMs, endedAtMs }: Call, model: Outcome['model']): void {
  const holder = model.holderOf(request.key)
  const isCommitted = payment !== undefined && holder?.id === payment.id
  assert.ok(endedAtMs! - startedAtMs <= ANSWER_WITHIN_MS)
  if (result?.kind === 'created')
    assert.ok(isCommitted, 'a created payment is not committed')
  else if (result?.kind === 'replayed')
    assert.ok(!isCommitted && holder?.id === result.payment.id && holder.account_id === request.account)
  else if (result?.kind === 'idempotency-key-reused')
    assert.ok(!isCommitted && holder)
  else if (result?.kind === 'idempotency-key-in-use')
    assert.ok(!isCommitted || model.replyLost.has(payment.id), 'the key is in use, but by this very payment, which is committed') // else its first attempt may still run
  else if (result)
    assert.ok(!isCommitted, `${result.kind}, but the payment is committed`)
  else if (error instanceof OverloadedError)
    assert.ok(!isCommitted, 'a payment was refused because of overload, but it is committed')
  else if (isCommitted)
    assert.ok(error instanceof UnconfirmedError || model.replyLost.has(payment.id), `no reply was lost, but the caller of a committed payment got: ${String(error)}`)
}

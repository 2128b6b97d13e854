import type { Outcome, Scenario } from './support/simulate-workers.ts'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { runSchedules } from './support/run-schedules.ts'
import { simulateWorkers } from './support/simulate-workers.ts'
import { MAX_ATTEMPTS } from './support/simulated-worker.ts'
import { installClock, restoreClock } from './support/virtual-clock.ts'

/** Most statements per virtual second of an idle or failing worker, and for each payment: far below those of a busy loop. */
const MAX_IDLE_LOAD = 100
const MAX_LOAD_PER_PAYMENT = 20

const kind = fc.constantFrom('lost request', 'lost reply', 'orphaned', 'slow', 'silent', '40001', '40P01', '57P01', '57014', '55P03', '25006', '53300', '53100', '08006', '23514', '22003', 'P0001', 'XX000')
const atMs = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 800 }))
const forMs = fc.integer({ min: 1, max: 2_500 })
const poison = fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom('known', 'unknown') })
const scenarios = fc.record({
  seed: fc.nat(),
  workers: fc.integer({ min: 1, max: 2 }),
  batchSize: fc.integer({ min: 1, max: 4 }),
  batchesInFlight: fc.integer({ min: 1, max: 3 }),
  payments: fc.array(fc.record({ atMs, amount: fc.constantFrom('1.00', '42.13', '-5.00'), account: fc.constantFrom('a0', 'a1', 'a2'), poison }), { maxLength: 8 }),
  faults: fc.array(fc.record({ operation: fc.nat(40), kind }), { maxLength: 4 }),
  incidents: fc.array(fc.oneof(
    fc.record({ atMs, forMs, kind: fc.constantFrom('outage', 'read-only', 'account held') }),
    fc.record({ atMs, kind: fc.constantFrom('restart', 'pause', 'resume', 'kill', 'redeploy', 'listen lost', 'listen silent') }),
  ), { maxLength: 2 }),
}) as fc.Arbitrary<Scenario>

describe('simulated workers', () => {
  before(installClock)
  after(restoreClock)

  it('settle every payment exactly once, count attempts for data errors only, and drain, whatever fails', async () => {
    await runSchedules(scenarios, async scenario => check(await simulateWorkers(scenario), scenario))
  })

  it('do the same on Knex\'s own pool and transactions', async () => {
    await runSchedules(scenarios, async scenario => check(await simulateWorkers(scenario, { knex: true }), scenario), { share: 0.02 })
  })
})

function check({ model, server, settledInTime, drained }: Outcome, { workers, payments }: Scenario): void {
  assert.deepEqual(server.violations, [])
  assert.ok(settledInTime, 'a payment was not settled in time')
  assert.ok(drained, 'a worker did not drain in time')
  for (const { id, job, poison, announced } of model.payments.values()) {
    const { status, attempts } = job.value!
    assert.equal(status, poison ? 'dead' : 'completed', `${id} is ${status}`)
    assert.equal(attempts, poison ? MAX_ATTEMPTS : 1, `${id} has ${attempts} attempts`)
    assert.equal(announced, poison ? 0 : 1, `${id} was announced ${announced} times`)
  }
  const posted = [...model.payments.values()].filter(({ job }) => job.value!.posted).length
  assert.equal([...model.accounts.values()].reduce((sum, { value }) => sum + value!, 0), posted)
  const busiest = Math.max(0, ...Object.values(server.load))
  assert.ok(busiest <= MAX_IDLE_LOAD * workers + MAX_LOAD_PER_PAYMENT * payments.length, `${busiest} statements in one second`)
}

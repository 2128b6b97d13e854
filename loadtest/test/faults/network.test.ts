import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { slowIt } from '../../../compose/test/support/slow.ts'
import { until } from '../../../compose/test/support/until.ts'
import { cutApiCommit, cutWorkerCommit, deafListeners, halfOpen, jitter, latency, resetConnections, trickle, unreachable } from '../../faults/network.ts'
import { settle, startChaosSystem, withstand } from '../support/withstand.ts'

const FAULT_TIMEOUT_MS = 180_000
/** Beyond the parts' timeouts for a silent connection. */
const BEYOND_TIMEOUTS_MS = 16_000

describe('faults of the network', function () {
  this.timeout(FAULT_TIMEOUT_MS)
  const system = startChaosSystem()

  const apiRefuses = () => assert.rejects(settle(system(), 3_000), /no API accepted/)
  const timed = async (work: () => Promise<unknown>) => {
    const startedAt = performance.now()
    await work()
    return performance.now() - startedAt
  }

  for (const [fault, login] of [[cutApiCommit, 'API'], [cutWorkerCommit, 'worker']] as const) {
    it(`${fault.name}: the ${login} loses the response to a commit, and every payment settles once`, async () => {
      const { cutCommits } = await system().wire!.status()
      const paid: string[] = []
      await withstand(system(), fault, async (targets) => {
        const wanted = Number(/\d+/.exec(targets[1]!)![0])
        await until(`${wanted} commits are cut`, async () => {
          paid.push(await settle(system()))
          return (await system().wire!.status()).cutCommits === cutCommits + wanted
        }, 60_000)
      })
      const { rows } = await system().database.query<{ payment_id: string }>('select payment_id from ledger_entries where payment_id = any($1) group by payment_id having count(*) = 2', [paid])
      assert.equal(rows.length, new Set(paid).size)
    })
  }

  it('latency: a payment takes longer, and settles', () => withstand(system(), latency, async () => {
    assert.ok(await timed(() => settle(system())) >= 80)
  }))

  it('jitter: payments settle', () => withstand(system(), jitter, () => settle(system())))

  it('reset-connections: the parts reconnect', () => withstand(system(), resetConnections, () => settle(system())))

  it('deaf-listeners: payments settle without notifications', () => withstand(system(), deafListeners, async () => {
    const { droppedNotifications } = await system().wire!.status()
    await settle(system())
    assert.ok((await system().wire!.status()).droppedNotifications > droppedNotifications)
  }))

  it('unreachable: no API accepts', () => withstand(system(), unreachable, apiRefuses))

  slowIt('trickle: no API accepts', () => withstand(system(), trickle, async () => {
    await delay(1_000)
    await apiRefuses()
  }))

  slowIt('half-open: no API accepts, and each part notices its dead connections', () => withstand(system(), halfOpen, async () => {
    await apiRefuses()
    await delay(BEYOND_TIMEOUTS_MS)
  }))

  slowIt('half-open, for a moment: each part notices its dead connections afterwards', () => withstand(system(), halfOpen, apiRefuses))
})

import assert from 'node:assert/strict'
import { slowIt } from '../../../compose/test/support/slow.ts'
import { until } from '../../../compose/test/support/until.ts'
import { freezeApi, freezePostgres, freezeWorker, freezeWorkers, killApi, killConsole, killPostgres, killSupervisor, killWorker, restartApi, restartEverything, restartWorker } from '../../faults/processes.ts'
import { settle, startChaosSystem, withstand } from '../support/withstand.ts'

const FAULT_TIMEOUT_MS = 180_000

describe('faults of processes', function () {
  this.timeout(FAULT_TIMEOUT_MS)
  const system = startChaosSystem()

  const part = async (name: string) => (await system().stack.parts()).find(part => part.name === name)!
  const restarts = async () => Object.fromEntries((await system().stack.parts()).map(({ name, restarts }) => [name, restarts]))

  for (const fault of [killWorker, killApi, killConsole, killPostgres]) {
    it(`${fault.name}: the part dies and is started again`, async () => {
      const before = await restarts()
      await withstand(system(), fault, async ([target]) => {
        await until(`${target} has been restarted`, async () => (await part(target!)).restarts === before[target!]! + 1)
        await until(`${target} is healthy`, async () => (await part(target!)).health === 'ok', 60_000)
      })
    })
  }

  for (const fault of [freezeWorker, freezeApi]) {
    it(`${fault.name}: the part is paused, and payments settle meanwhile`, () => withstand(system(), fault, async ([target]) => {
      await until(`${target} is paused`, async () => (await part(target!)).state === 'paused')
      await settle(system())
    }))
  }

  it('freeze-workers: no payment settles', () => withstand(system(), freezeWorkers, async (targets) => {
    assert.equal(targets.length, 2)
    await assert.rejects(settle(system(), 1_000), /did not settle/)
  }))

  it('freeze-postgres: no API accepts', () => withstand(system(), freezePostgres, () => assert.rejects(settle(system(), 3_000), /no API accepted/)))

  for (const fault of [restartWorker, restartApi]) {
    it(`${fault.name}: the part stops gracefully and is another process afterwards`, async () => {
      const before = new Map((await system().stack.parts()).map(({ name, pid }) => [name, pid]))
      await withstand(system(), fault, async ([target]) => {
        const { pid, lastDeath, health } = await part(target!)
        assert.notEqual(pid, before.get(target!))
        assert.deepEqual([lastDeath?.how ?? null, health], [null, 'ok'])
      })
    })
  }

  slowIt('restart-everything: every part is another process afterwards', async () => {
    const before = (await system().stack.parts()).map(({ pid }) => pid)
    await withstand(system(), restartEverything, async () => {
      const after = await system().stack.parts()
      assert.ok(after.every(({ pid, health }) => !before.includes(pid) && health === 'ok'))
    })
  })

  slowIt('kill-supervisor: the parts live on, and the next start takes over with the same URLs', async () => {
    await withstand(system(), killSupervisor, async () => {
      await until('the supervisor is gone', async () => (await part('api')).state === 'left behind')
      await settle(system())
    })
    for (const api of system().apis)
      assert.equal((await fetch(`${api}/ready`)).status, 200)
  })
})

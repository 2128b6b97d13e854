import type { Fault } from '../faults/fault.ts'
import type { System } from '../runner/with-system.ts'
import assert from 'node:assert/strict'
import { injectFaults } from '../faults/inject-faults.ts'

describe('injecting faults', () => {
  const system = {} as System
  let calls: string[]
  beforeEach(() => calls = [])

  const fault = (name: string, start = async () => {}): Fault => ({
    name,
    description: name,
    recoveryGoalMs: 1_000,
    holdMs: [0, 0],
    modes: ['embedded'],
    callersMaySeeErrors: false,
    targets: async () => [`part of ${name}`],
    start: async (_, targets) => {
      calls.push(`start ${name}: ${targets.join()}`)
      await start()
    },
    stop: async (_, targets) => void calls.push(`stop ${name}: ${targets.join()}`),
  })

  it('starts the faults in order and stops them in reverse order', async () => {
    await injectFaults([fault('a'), fault('b')], system, { maxMs: 1 })
    assert.deepEqual(calls, ['start a: part of a', 'start b: part of b', 'stop b: part of b', 'stop a: part of a'])
  })

  it('stops every started fault when one fails to start', async () => {
    const failing = fault('b', () => Promise.reject(new Error('cannot start')))
    await assert.rejects(injectFaults([fault('a'), failing, fault('c')], system, { maxMs: 60_000 }), /cannot start/)
    assert.deepEqual(calls, ['start a: part of a', 'start b: part of b', 'stop b: part of b', 'stop a: part of a'])
  })

  it('ends early once the condition holds', async () => {
    await injectFaults([fault('a')], system, { maxMs: 60_000, until: async () => calls.length > 0 })
    assert.deepEqual(calls, ['start a: part of a', 'stop a: part of a'])
  })
})

import type { Fault } from '../../faults/fault.ts'
import assert from 'node:assert/strict'
import { planRound } from '../../chaos/schedule.ts'
import { createRandom, deriveSeed } from '../../faults/random.ts'

function fault(name: string, holdMs: Fault['holdMs'] = [0, 0]): Fault {
  return {
    name,
    description: name,
    recoveryGoalMs: 1,
    holdMs,
    modes: ['embedded'],
    callersMaySeeErrors: true,
    targets: async () => [],
    start: async () => {},
    stop: async () => {},
  }
}
const faults = [fault('a', [10, 20]), fault('b'), fault('c')]
const rounds = (seed: number, from = 1) => Array.from({ length: 300 }, (_, i) => planRound(seed, from + i, faults))

describe('the schedule of a chaos run', () => {
  it('is the same for the same seed, and a round does not depend on those before it', () => {
    assert.deepEqual(rounds(7), rounds(7))
    assert.deepEqual(rounds(7).slice(99), rounds(7, 100).slice(0, 201))
    assert.notDeepEqual(rounds(7), rounds(8))
  })

  it('strikes with each fault, alone and with another, which differs from it', () => {
    const names = rounds(7).map(({ faults }) => faults.map(({ fault }) => fault.name).join('+'))
    assert.deepEqual([...new Set(names)].sort(), ['a', 'a+b', 'a+c', 'b', 'b+a', 'b+c', 'c', 'c+a', 'c+b'])
    const pairs = names.filter(name => name.includes('+')).length
    assert.ok(pairs > 60 && pairs < 140, `${pairs} of 300`)
  })

  it('gives each fault its turn, in another order each time', () => {
    const firsts = rounds(7).map(({ faults }) => faults[0]!.fault.name)
    const turns = Array.from({ length: 100 }, (_, n) => firsts.slice(3 * n, 3 * n + 3).join(''))
    assert.deepEqual([...new Set(turns)].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  })

  it('holds the faults for a time within the longest of their bounds', () => {
    for (const { faults, holdMs } of rounds(7)) {
      const isHeld = faults.some(({ fault }) => fault.name === 'a')
      assert.ok(isHeld ? holdMs >= 10 && holdMs <= 20 : holdMs === 0, String(holdMs))
    }
  })

  it('uses one fault at a time if there is only one', () => {
    assert.ok(rounds(7).every(({ faults }) => faults.length <= 2))
    assert.deepEqual(planRound(7, 1, [faults[0]!]).faults.length, 1)
  })
})

describe('draws from a seed', () => {
  it('are the same for the same seed, and cover their bounds', () => {
    const draw = (seed: number) => Array.from({ length: 200 }, () => createRandom(seed)).map((random, i) => i === 0 ? random.number() : random.integer(1, 3))
    assert.deepEqual(draw(1), draw(1))
    const random = createRandom(1)
    const draws = Array.from({ length: 1_000 }, () => random.integer(1, 3))
    assert.deepEqual([...new Set(draws)].sort(), [1, 2, 3])
    const mean = Array.from({ length: 10_000 }, () => random.number()).reduce((sum, n) => sum + n) / 10_000
    assert.ok(Math.abs(mean - 0.5) < 0.02, String(mean))
  })

  it('differ for each use of a seed', () => {
    const seeds = [0, 1, 2].flatMap(a => [0, 1, 2].map(b => deriveSeed(7, a, b)))
    assert.equal(new Set(seeds).size, 9)
  })
})

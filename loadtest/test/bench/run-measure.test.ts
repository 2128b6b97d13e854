import type { Measure, MeasureContext } from '../../bench/measure.ts'
import assert from 'node:assert/strict'
import { runMeasure } from '../../bench/run-measure.ts'

describe('running a measure', () => {
  const measure = (run: (context: MeasureContext) => Promise<void>): Measure => ({ name: 'some', title: '', how: '', goals: [], run })
  const options = { rounds: 3, size: 100, print: () => {}, signal: new AbortController().signal }

  it('alternates the contenders in every round, and keeps each round\'s figures', async () => {
    const order: string[] = []
    const contender = (name: string) => async () => ({ rate: order.push(name) })
    const { rounds } = await runMeasure(measure(({ compare }) => compare({ a: contender('a'), b: contender('b') })), options)
    assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b'])
    assert.deepEqual(rounds, { a: [{ rate: 1 }, { rate: 3 }, { rate: 5 }], b: [{ rate: 2 }, { rate: 4 }, { rate: 6 }] })
  })

  it('ends what it started in reverse order when a contender fails', async () => {
    const ended: string[] = []
    const failing = measure(async ({ resources, compare }) => {
      resources.defer(() => void ended.push('first'))
      resources.defer(() => void ended.push('second'))
      await compare({ a: () => Promise.reject(new Error('contender failed')) })
    })
    await assert.rejects(runMeasure(failing, options), /contender failed/)
    assert.deepEqual(ended, ['second', 'first'])
  })

  it('rejects a figure that is not a number', async () => {
    const wrong = measure(({ compare }) => compare({ ours: async () => ({ rate: 0 / 0 }) }))
    await assert.rejects(runMeasure(wrong, options), /some: ours returned NaN for rate/)
  })

  it('starts no further contender once interrupted', async () => {
    const interrupted = new AbortController()
    const order: string[] = []
    const stopped = measure(({ compare }) => compare({
      a: async () => {
        interrupted.abort()
        return { rate: order.push('a') }
      },
      b: async () => ({ rate: order.push('b') }),
    }))
    await assert.rejects(runMeasure(stopped, { ...options, signal: interrupted.signal }), { name: 'AbortError' })
    assert.deepEqual(order, ['a'])
  })
})

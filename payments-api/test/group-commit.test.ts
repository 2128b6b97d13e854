import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { groupCommit, OVERLAP_AFTER_MS } from '../src/domain/group-commit.ts'
import { MAX_WAITING, OverloadedError } from '../src/domain/in-batches.ts'
import { waitFor } from './support/wait-for.ts'

const REFUSED = new Error('refused')
const LOST = new Error('lost')
const LOCKED = new Error('locked')
const is = { refusedRow: (error: unknown) => error === REFUSED, lockedRow: (error: unknown) => error === LOCKED, lostConnection: (error: unknown) => error === LOST }

describe('groupCommit', () => {
  it('writes a lone row at once, and what arrives meanwhile together: after it, or beside it when it takes long', async () => {
    const batches: number[][] = []
    const gates: (() => void)[] = []
    const write = groupCommit<number, number>(async (rows) => {
      batches.push(rows)
      await new Promise<void>(resolve => gates.push(resolve))
      return rows.map(row => row * 10)
    }, is)
    const answers = [write(1)]
    await new Promise(setImmediate)
    answers.push(write(2), write(3))
    await new Promise(setImmediate)
    assert.deepEqual(batches, [[1]]) // it may be done soon, and they wait for it
    await waitFor('the second write', () => batches.length === 2)
    answers.push(write(4), write(5))
    await delay(2 * OVERLAP_AFTER_MS)
    assert.deepEqual(batches, [[1], [2, 3]]) // two in flight, the rest waits
    gates[0]!()
    await waitFor('the next write', () => batches.length === 3)
    assert.deepEqual(batches, [[1], [2, 3], [4, 5]])
    gates.forEach(open => open())
    assert.deepEqual(await Promise.all(answers), [10, 20, 30, 40, 50])
  })

  it('sends the next write before it tells the callers of the last one', async () => {
    const events: string[] = []
    let open = (): void => {}
    const write = groupCommit<number, number>(async (rows) => {
      events.push(`written ${rows}`)
      await new Promise<void>(resolve => open = resolve)
      return rows
    }, is)
    const told = (row: number): number => events.push(`told ${row}`)
    const answers = [write(1).then(told)]
    await new Promise(setImmediate)
    answers.push(write(2).then(told))
    open()
    await waitFor('the second write', () => events.includes('written 2'))
    open()
    await Promise.all(answers)
    assert.deepEqual(events, ['written 1', 'written 2', 'told 1', 'told 2'])
  })

  it('lets a refused row fail alone', async () => {
    const written: number[] = []
    const write = groupCommit<number, number>(async (rows) => {
      if (rows.includes(7))
        throw REFUSED
      written.push(...rows)
      return rows
    }, is)
    const results = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => write(i)))
    assert.deepEqual(results.flatMap((result, i) => result.status === 'rejected'
      ? [[i, result.reason]]
      : []), [[7, REFUSED]])
    assert.equal(new Set(written).size, 99)
    assert.equal(written.length, 99)
  })

  it('lets a row that waits for a lock too long wait alone, and gives up when there are many', async () => {
    let writes = 0
    const locked = new Set([3])
    const write = groupCommit<number, number>(async (rows) => {
      writes++
      if (rows.some(row => locked.has(row)))
        throw LOCKED
      return rows
    }, is)
    const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => write(i)))
    assert.deepEqual(results.flatMap((result, i) => result.status === 'rejected' ? [[i, result.reason]] : []), [[3, LOCKED]])
    assert.equal(writes, 11)

    writes = 0
    Array.from({ length: 10 }, (_, i) => locked.add(i))
    const all = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => write(i)))
    assert.equal(writes, 3)
    assert.deepEqual(all.map(result => result.status === 'rejected' && result.reason instanceof OverloadedError), [false, false, ...Array.from({ length: 8 }).fill(true)])
  })

  it('writes the same rows again after a lost connection, a bounded number of times', async () => {
    let losses = 2
    const batches: number[][] = []
    const write = groupCommit<number, number>(async (rows) => {
      batches.push(rows)
      if (losses-- > 0)
        throw LOST
      return rows
    }, is)
    assert.deepEqual(await Promise.all([write(1), write(2)]), [1, 2])
    assert.deepEqual(batches, [[1, 2], [1, 2], [1, 2]])
    losses = 3
    await assert.rejects(write(3), LOST)
  })

  it('refuses at once what does not fit into the queue, and goes on', async () => {
    let open = (): void => {}
    let underWay = 0
    const gate = new Promise<void>(resolve => open = resolve)
    const write = groupCommit<number, number>(async (rows) => {
      underWay++
      await gate
      return rows
    }, is)
    const first = [write(0)]
    await new Promise(setImmediate)
    first.push(write(0))
    await waitFor('both writes are under way', () => underWay === 2)
    const waiting = Array.from({ length: MAX_WAITING }, (_, i) => write(i))
    await assert.rejects(write(-1), OverloadedError)
    open()
    await Promise.all([...first, ...waiting])
    assert.equal(await write(1), 1)
  })

  it('refuses at once while the first in line has waited for long, and lets nobody wait for ever', async () => {
    const write = groupCommit<number, number>(() => new Promise(() => {}), is)
    const waitedMs: number[] = []
    for (const startedAt = performance.now(); performance.now() - startedAt < 3_000 || waitedMs.length === 0; await delay(10)) {
      const joinedAt = performance.now()
      write(0).catch((error) => {
        assert.ok(error instanceof OverloadedError)
        waitedMs.push(performance.now() - joinedAt)
      })
    }
    assert.ok(waitedMs.some(ms => ms < 500), 'none was refused at once')
    assert.ok(waitedMs.some(ms => ms > 1_500), 'none waited for its turn')
  })
})

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
  it('writes a lone row at once, and later rows together: after that write, or concurrently if it is slow', async () => {
    const batches: number[][] = []
    const gates: (() => void)[] = []
    const write = groupCommit<number, number>(async (rows) => {
      batches.push(rows)
      await new Promise<void>(resolve => gates.push(resolve))
      return rows.map(row => row * 10)
    }, is)
    const results = [write(1)]
    await new Promise(setImmediate)
    results.push(write(2), write(3))
    await new Promise(setImmediate)
    assert.deepEqual(batches, [[1]]) // the first write may finish soon, so the rows wait
    await waitFor('the second write starts', () => batches.length === 2)
    results.push(write(4), write(5))
    await delay(2 * OVERLAP_AFTER_MS)
    assert.deepEqual(batches, [[1], [2, 3]]) // two writes are in flight, so the rest waits
    gates[0]!()
    await waitFor('the next write starts', () => batches.length === 3)
    assert.deepEqual(batches, [[1], [2, 3], [4, 5]])
    gates.forEach(open => open())
    assert.deepEqual(await Promise.all(results), [10, 20, 30, 40, 50])
  })

  it('starts the next write before it resolves the last one', async () => {
    const events: string[] = []
    let open = (): void => {}
    const write = groupCommit<number, number>(async (rows) => {
      events.push(`started ${rows}`)
      await new Promise<void>(resolve => open = resolve)
      return rows
    }, is)
    const resolved = (row: number): number => events.push(`resolved ${row}`)
    const results = [write(1).then(resolved)]
    await new Promise(setImmediate)
    results.push(write(2).then(resolved))
    open()
    await waitFor('the second write starts', () => events.includes('started 2'))
    open()
    await Promise.all(results)
    assert.deepEqual(events, ['started 1', 'started 2', 'resolved 1', 'resolved 2'])
  })

  it('rejects only the refused row', async () => {
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

  it('isolates a row that waits for a lock too long, and rejects the batch when there are many', async () => {
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

  it('retries the same rows after a lost connection, a bounded number of times', async () => {
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

  it('writes again only the rows whose outcome is unknown, and rejects only them', async () => {
    const batches: number[][] = []
    const write = groupCommit<number, number>(async (rows) => {
      batches.push(rows)
      if (!rows.includes(1))
        throw new Error('look-up failed')
      return rows.map(row => row === 1 ? 10 : undefined)
    }, is)
    const results = await Promise.allSettled([write(1), write(2), write(3)])
    assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected'])
    assert.deepEqual(batches, [[1, 2, 3], [2, 3]])
  })

  it('rejects a row at once while the queue is full, then continues', async () => {
    let open = (): void => {}
    let inFlight = 0
    const gate = new Promise<void>(resolve => open = resolve)
    const write = groupCommit<number, number>(async (rows) => {
      inFlight++
      await gate
      return rows
    }, is)
    const first = [write(0)]
    await new Promise(setImmediate)
    first.push(write(0))
    await waitFor('both writes are in flight', () => inFlight === 2)
    const waiting = Array.from({ length: MAX_WAITING }, (_, i) => write(i))
    await assert.rejects(write(-1), OverloadedError)
    open()
    await Promise.all([...first, ...waiting])
    assert.equal(await write(1), 1)
  })

  it('rejects a row at once while the oldest has waited too long, and lets no row wait for ever', async () => {
    const write = groupCommit<number, number>(() => new Promise(() => {}), is)
    const waitedMs: number[] = []
    for (const startedAt = performance.now(); performance.now() - startedAt < 3_000 || waitedMs.length === 0; await delay(10)) {
      const joinedAt = performance.now()
      write(0).catch((error) => {
        assert.ok(error instanceof OverloadedError)
        waitedMs.push(performance.now() - joinedAt)
      })
    }
    assert.ok(waitedMs.some(ms => ms < 500), 'no row was rejected at once')
    assert.ok(waitedMs.some(ms => ms > 1_500), 'no row waited in the queue')
  })
})

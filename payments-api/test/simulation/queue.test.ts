import assert from 'node:assert/strict'
import fc from 'fast-check'
import { groupCommit } from '../../src/domain/group-commit.ts'
import { MAX_WAITING, OverloadedError } from '../../src/domain/in-batches.ts'
import { runSchedules } from './support/run-schedules.ts'
import { installClock, nowMs, restoreClock, runUntil, startSchedule } from './support/virtual-clock.ts'

/** As in in-batches.ts: the longest wait in the queue. */
const MAX_WAIT_MS = 2_000
const LONGEST_WRITE_MS = 10_000

const scenarios = fc.record({
  bursts: fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 4_000 }), rows: fc.integer({ min: 1, max: 1_500 }) }), { minLength: 1, maxLength: 5 }),
  /** Of one write after the other, from the start again at the end. */
  writesMs: fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: LONGEST_WRITE_MS })), { minLength: 1, maxLength: 8 }),
})

describe('the simulated queue of writes', () => {
  before(installClock)
  after(restoreClock)

  it('keeps its bounds: at most 2,000 rows wait, for at most 2 s, and every row gets one outcome', async () => {
    await runSchedules(scenarios, async ({ bursts, writesMs }) => {
      startSchedule(0)
      let waiting = 0
      let unanswered = 0
      let writes = 0
      const write = groupCommit<{ atMs: number }, true>(async (rows) => {
        waiting -= rows.length
        for (const { atMs } of rows)
          assert.ok(nowMs() - atMs <= MAX_WAIT_MS)
        await new Promise(resolve => setTimeout(resolve, writesMs[writes++ % writesMs.length]))
        return rows.map(() => true)
      }, { refusedRow: () => false, lockedRow: () => false, lostConnection: () => false })

      const failures: unknown[] = []
      for (const { atMs, rows } of bursts) {
        setTimeout(() => {
          for (let i = 0; i < rows; i++) {
            unanswered++
            waiting++
            write({ atMs }).catch((error: unknown) => {
              waiting--
              if (!(error instanceof OverloadedError) || nowMs() - atMs > MAX_WAIT_MS)
                failures.push(error)
            }).finally(() => unanswered--)
          }
          setTimeout(() => waiting > MAX_WAITING && failures.push(`${waiting} rows wait`))
        }, atMs)
      }
      const lastMs = Math.max(...bursts.map(({ atMs }) => atMs))
      await runUntil(() => false, lastMs)
      assert.ok(await runUntil(() => unanswered === 0, lastMs + MAX_WAIT_MS + LONGEST_WRITE_MS), `${unanswered} rows got no outcome`)
      assert.deepEqual(failures, [])
    }, { share: 0.1 })
  })
})

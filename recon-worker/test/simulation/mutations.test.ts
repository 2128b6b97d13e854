import type { Mutation } from './support/mutate.ts'
import { schedulesToFind, withDefect } from './support/mutate.ts'
import { isFull } from './support/run-schedules.ts'

const MUTATIONS: Mutation[] = [
  {
    defect: 'a connection whose COMMIT or ROLLBACK failed stays in the pool',
    file: 'sql/database-client.ts',
    from: '/^(?:begin|commit|rollback)\\b(?! to\\b)/i.test(sql)',
    to: 'false',
  },
  {
    defect: 'a constraint violation counts as an outage',
    file: 'sql/database-errors.ts',
    from: '/^(?:22|23|P0001)/',
    to: '/^(?:22|P0001)/',
  },
  {
    defect: 'a batch of one payment is not announced',
    file: 'settle-jobs.ts',
    from: 'if (posted.length > 0)',
    to: 'if (posted.length > 1)',
  },
  {
    defect: 'the post has no savepoint',
    file: 'settle-jobs.ts',
    from: 'trx.transaction(savepoint => postBatch(savepoint, settlements, workerId))',
    to: 'postBatch(trx, settlements, workerId)',
  },
  {
    defect: 'an attempt is counted for a job that the search had no time for',
    file: 'find-refusals.ts',
    from: 'found.deferred.push(settlement)',
    to: 'found.refusals.push({ job: settlement.job, error: \'\' })',
  },
  {
    defect: 'jobs are posted one by one although the batch was posted',
    file: 'find-refusals.ts',
    from: 'await post(clean) === undefined',
    to: 'await post(clean) !== undefined',
  },
  {
    defect: 'an idle worker sleeps until a notification',
    file: 'wake-up.ts',
    from: 'setTimeout(resolve, ms)',
    to: 'setTimeout(() => {}, ms)',
  },
  {
    defect: 'a worker retries without a backoff',
    file: 'loop-modes.ts',
    from: 'await loop.outage.backOff(mode.error)',
    to: '',
  },
  {
    defect: 'a worker that finds nothing claims again at once',
    file: 'loop-modes.ts',
    from: 'else if (claimFrom === FULL_SCAN)',
    to: 'else if (claimFrom === FULL_SCAN && batch.paused)',
  },
  {
    defect: 'SIGTERM does not drain',
    file: 'loop-modes.ts',
    from: 'loop.signal.aborted ? { name: \'draining\' } : await settle(loop)',
    to: 'await settle(loop)',
  },
  {
    defect: 'a full scan never follows the first one',
    file: 'low-water-mark.ts',
    from: 'performance.now() < fullScanAtMs',
    to: 'fullScanAtMs >= 0',
  },
  {
    defect: 'a failed secondary batch ends its worker\'s run',
    file: 'secondary-batches.ts',
    from: 'if (faultOf(error) !== \'conflict\') {',
    to: 'if (faultOf(error) !== \'conflict\') {\n        throw error',
  },
]

describe('the simulation of the worker', () => {
  for (const mutation of MUTATIONS) {
    it(`notices that ${mutation.defect}`, function () {
      withDefect(mutation) // every run notices a mutation that no longer applies
      if (!isFull)
        this.skip()
      console.log(`      after ${schedulesToFind(mutation)} schedules`)
    })
  }
})

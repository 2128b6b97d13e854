import type { BenchStack } from '../bench-stack.ts'
import type { Course, Figures, Measure } from '../measure.ts'
import type { Settler } from '../settlers/settler.ts'
import { pidOf, startStack } from '../bench-stack.ts'
import { bareSql } from '../settlers/bare-sql.ts'
import { graphileWorker } from '../settlers/graphile-worker.ts'
import { ours } from '../settlers/ours.ts'
import { pgBoss } from '../settlers/pg-boss.ts'
import { settle } from '../settlers/settle.ts'

const PAYMENTS = 100_000
/** Of the measures that compare two numbers of workers or of accounts. */
const FEWER_PAYMENTS = 60_000
const ACCOUNTS = 1_000
const PAYMENTS_PER_GRAPHILE_JOB = 100

const RATE = 'settled/s'

export const settling: Measure = {
  name: 'settle',
  title: 'Settling, and what it costs',
  how: `A backlog of ${PAYMENTS.toLocaleString('en')} payments over 1,000 accounts (a fifth of it for graphile-worker with a job a payment), posted exactly once by one process: result, status, two ledger entries with running balances, both accounts. The peers use our tables without triggers, checks and foreign keys, and post in one statement; each run is void unless every payment has its two entries and every balance is the sum of its own. pg-boss: transactional batches of 1,000 without a pause between them, a table of its own, one of its workers, and once more two. graphile-worker: the settings of its own performance test, and once more with 100 payments in a job. The bare SQL loop takes, decides and posts 500 in one statement, and proves nothing. Ours has up to two batches in hand, so its nearest neighbours are pg-boss with 2 workers and graphile-worker, which has 24 jobs at once; the bare loop is there with one and with two connections.`,
  goals: [
    { what: 'settled/s, one worker, to one of pg-boss', of: 'ours', to: 'pg-boss', figure: RATE, atLeast: 2 },
    { what: 'settled/s, one worker, to graphile-worker, a job a payment', of: 'ours', to: 'graphile-worker', figure: RATE, atLeast: 8 },
    { what: 'settled/s, one worker, to a bare SQL loop that proves nothing', of: 'ours', to: 'bare SQL (the limit)', figure: RATE, atLeast: 0.75 },
    { what: 'bytes of WAL per settled payment', of: 'ours', figure: 'bytes of WAL each', atMost: 1_500 },
    { what: 'HOT share of the payments\' updates', of: 'ours', figure: 'HOT share of the payments\' updates', atLeast: 0.95 },
  ],
  run: async (course) => {
    const bench = await startStack(course)
    const { resources, sized } = course
    const run = await runner(bench, course)
    const peers = {
      boss: await pgBoss(bench, 1, resources),
      bossOfTwo: await pgBoss(bench, 2, resources),
      graphile: await graphileWorker(bench, 1, resources),
      graphileBatch: await graphileWorker(bench, PAYMENTS_PER_GRAPHILE_JOB, resources),
      bare: await bareSql(bench, 1, resources),
      bareOfTwo: await bareSql(bench, 2, resources),
    }
    const own = await ours(bench)
    await course.compare({
      'ours': () => run(own, sized(PAYMENTS)),
      'pg-boss': () => run(peers.boss, sized(PAYMENTS)),
      'pg-boss, 2 workers': () => run(peers.bossOfTwo, sized(PAYMENTS)),
      'graphile-worker': () => run(peers.graphile, sized(PAYMENTS / 5)),
      'graphile-worker, 100 a job': () => run(peers.graphileBatch, sized(PAYMENTS)),
      'bare SQL (the limit)': () => run(peers.bare, sized(PAYMENTS)),
      'bare SQL, 2 loops': () => run(peers.bareOfTwo, sized(PAYMENTS)),
    })
  },
}

export const hotAccount: Measure = {
  name: 'hot',
  title: 'One hot account',
  how: `The same with ${FEWER_PAYMENTS.toLocaleString('en')} payments, all of them on one account.`,
  goals: [
    { what: 'settled/s, one hot account, to 1,000 accounts', of: 'ours, one account', to: 'ours, 1,000 accounts', figure: RATE, atLeast: 0.9 },
  ],
  run: async (course) => {
    const bench = await startStack(course)
    const run = await runner(bench, course)
    const [own, boss] = [await ours(bench), await pgBoss(bench, 1, course.resources)]
    const payments = course.sized(FEWER_PAYMENTS)
    await course.compare({
      'ours, 1,000 accounts': () => run(own, payments),
      'ours, one account': () => run(own, payments, 1),
      'pg-boss, 1,000 accounts': () => run(boss, payments),
      'pg-boss, one account': () => run(boss, payments, 1),
    })
  },
}

export const workers: Measure = {
  name: 'workers',
  title: 'More workers',
  how: `${FEWER_PAYMENTS.toLocaleString('en')} payments settled by more worker processes, on the processors that Postgres has. One of ours has two batches in flight, so its equal is bare SQL with two loops; four show what more of them lose.`,
  goals: [
    { what: 'settled/s, 4 workers, to 1', of: '4 workers', to: '1 worker', figure: RATE, atLeast: 0.9 },
  ],
  run: async (course) => {
    const bench = await startStack(course)
    await bench.stack.scale(4)
    const run = await runner(bench, course)
    const four = await ours(bench, 4)
    const [one, two] = [await ours(bench, 1), await ours(bench, 2)]
    const [twoLoops, fourLoops] = [await bareSql(bench, 2, course.resources), await bareSql(bench, 4, course.resources)]
    const payments = course.sized(FEWER_PAYMENTS)
    await course.compare({
      '1 worker': () => run(one, payments),
      '2 workers': () => run(two, payments),
      '4 workers': () => run(four, payments),
      'bare SQL, 2 loops': () => run(twoLoops, payments),
      'bare SQL, 4 loops': () => run(fourLoops, payments),
    })
  },
}

async function runner(bench: BenchStack, { signal }: Course): Promise<(settler: Settler, payments: number, accounts?: number) => Promise<Figures>> {
  const postmaster = await pidOf(bench, 'postgres')
  return (settler, payments, accounts = ACCOUNTS) => settle(settler, { payments, accounts, postmaster, signal })
}

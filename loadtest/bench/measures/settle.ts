import type { BenchStack } from '../bench-stack.ts'
import type { Figures, Measure, MeasureContext } from '../measure.ts'
import type { Settler } from '../settlers/settler.ts'
import { pidOf, startStack } from '../bench-stack.ts'
import { bareSql } from '../settlers/bare-sql.ts'
import { graphileWorker } from '../settlers/graphile-worker.ts'
import { HOT_SHARE, measureSettling, WAL_BYTES } from '../settlers/measure-settling.ts'
import { ourWorkers } from '../settlers/our-workers.ts'
import { pgBoss } from '../settlers/pg-boss.ts'

const PAYMENTS = 100_000
/** For the measures that compare numbers of workers or accounts. */
const FEWER_PAYMENTS = 60_000
const ACCOUNTS = 1_000
const PAYMENTS_PER_GRAPHILE_JOB = 100

const RATE = 'settled/s'
const BARE_SQL = 'bare SQL (limit)'

export const settling: Measure = {
  name: 'settle',
  title: 'Settling, and what it costs',
  how: `A backlog of ${PAYMENTS.toLocaleString('en')} payments over 1,000 accounts (a fifth of it for graphile-worker with one payment per job), posted exactly once by one process: result, status, two ledger entries with running balances, both accounts. The peers use our tables without triggers, checks and foreign keys, and post in one statement; a run is void unless every payment has its two entries and every balance is the sum of its entries. pg-boss runs transactional batches of 1,000 without a pause between them, on a separate table for its queue, with one worker and with two. graphile-worker runs with the settings of its performance test, with one payment per job and with 100. The bare SQL loop claims, decides and posts 500 payments in one statement and verifies nothing, with one connection and with two. Our worker has up to two batches in flight, so its closest peers are pg-boss with 2 workers and graphile-worker, which runs 24 jobs at once.`,
  goals: [
    { what: 'settled/s with one worker, ratio to pg-boss with one', contender: 'ours', baseline: 'pg-boss', figure: RATE, atLeast: 2 },
    { what: 'settled/s with one worker, ratio to graphile-worker with one payment per job', contender: 'ours', baseline: 'graphile-worker', figure: RATE, atLeast: 8 },
    { what: 'settled/s with one worker, ratio to a bare SQL loop that verifies nothing', contender: 'ours', baseline: BARE_SQL, figure: RATE, atLeast: 0.75 },
    { what: 'WAL bytes per settled payment', contender: 'ours', figure: WAL_BYTES, atMost: 1_500 },
    { what: 'HOT share of payment updates', contender: 'ours', figure: HOT_SHARE, atLeast: 0.95 },
  ],
  run: async (context) => {
    const bench = await startStack(context)
    const { resources, scaled } = context
    const run = await settlingRunner(bench, context)
    const peers = {
      boss: await pgBoss(bench, 1, resources),
      twoBosses: await pgBoss(bench, 2, resources),
      graphile: await graphileWorker(bench, 1, resources),
      graphileBatches: await graphileWorker(bench, PAYMENTS_PER_GRAPHILE_JOB, resources),
      bare: await bareSql(bench, 1, resources),
      twoBareLoops: await bareSql(bench, 2, resources),
    }
    const own = await ourWorkers(bench)
    await context.compare({
      'ours': () => run(own, scaled(PAYMENTS)),
      'pg-boss': () => run(peers.boss, scaled(PAYMENTS)),
      'pg-boss, 2 workers': () => run(peers.twoBosses, scaled(PAYMENTS)),
      'graphile-worker': () => run(peers.graphile, scaled(PAYMENTS / 5)),
      'graphile-worker, 100 per job': () => run(peers.graphileBatches, scaled(PAYMENTS)),
      [BARE_SQL]: () => run(peers.bare, scaled(PAYMENTS)),
      'bare SQL, 2 loops': () => run(peers.twoBareLoops, scaled(PAYMENTS)),
    })
  },
}

export const hotAccount: Measure = {
  name: 'hot',
  title: 'One hot account',
  how: `The settle measure with ${FEWER_PAYMENTS.toLocaleString('en')} payments: all on one account, and over 1,000 accounts.`,
  goals: [
    { what: 'settled/s on one hot account, ratio to 1,000 accounts', contender: 'ours, one account', baseline: 'ours, 1,000 accounts', figure: RATE, atLeast: 0.9 },
  ],
  run: async (context) => {
    const bench = await startStack(context)
    const run = await settlingRunner(bench, context)
    const [own, boss] = [await ourWorkers(bench), await pgBoss(bench, 1, context.resources)]
    const payments = context.scaled(FEWER_PAYMENTS)
    await context.compare({
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
  how: `${FEWER_PAYMENTS.toLocaleString('en')} payments settled by several worker processes, which share the processors with Postgres. One worker has two batches in flight, so its equal is bare SQL with two loops; four loops show what more of them lose.`,
  goals: [
    { what: 'settled/s with 4 workers, ratio to 1', contender: '4 workers', baseline: '1 worker', figure: RATE, atLeast: 0.9 },
  ],
  run: async (context) => {
    const bench = await startStack(context)
    await bench.stack.scale(4)
    const run = await settlingRunner(bench, context)
    const four = await ourWorkers(bench, 4)
    const [one, two] = [await ourWorkers(bench, 1), await ourWorkers(bench, 2)]
    const [twoLoops, fourLoops] = [await bareSql(bench, 2, context.resources), await bareSql(bench, 4, context.resources)]
    const payments = context.scaled(FEWER_PAYMENTS)
    await context.compare({
      '1 worker': () => run(one, payments),
      '2 workers': () => run(two, payments),
      '4 workers': () => run(four, payments),
      'bare SQL, 2 loops': () => run(twoLoops, payments),
      'bare SQL, 4 loops': () => run(fourLoops, payments),
    })
  },
}

async function settlingRunner(bench: BenchStack, { signal }: MeasureContext): Promise<(settler: Settler, payments: number, accounts?: number) => Promise<Figures>> {
  const postmaster = await pidOf(bench, 'postgres')
  return (settler, payments, accounts = ACCOUNTS) => measureSettling(settler, { payments, accounts, postmaster, signal })
}

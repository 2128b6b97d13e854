import type { BenchStack } from '../bench-stack.ts'
import type { Figures, Measure, MeasureContext } from '../measure.ts'
import type { Settler } from '../settlers/settler.ts'
import { connect, pidOf, startStack } from '../bench-stack.ts'
import { medians } from '../figures.ts'
import { measureSettling } from '../settlers/measure-settling.ts'
import { ourWorkers } from '../settlers/our-workers.ts'
import { ACCOUNTS, fillHistory } from './fill-history.ts'

const MANY = 1_000_000
const FEW = 10_000
/** Drains of FEW payments per run, because one takes less than a second. */
const DRAINS = 5
const MEASURED = 100_000
/** Twice as many: the longer the run, the more dead rows an old snapshot keeps. */
const MEASURED_WITH_SNAPSHOT = 200_000

export const backlog: Measure = {
  name: 'backlog',
  title: 'A long backlog and a long history',
  how: 'One worker settles 100,000 payments on a system with 1,000,000 settled and 1,000,000 more waiting. It settles 200,000 more while another connection holds an old snapshot, so that no dead rows can be removed (autovacuum is off as well). Compared with a new system with 10,000 waiting: the median of five drains.',
  goals: [
    { what: 'settled/s, 1,000,000 waiting and 1,000,000 settled, ratio to 10,000 waiting', contender: '1,000,000 waiting', baseline: '10,000 waiting', figure: 'settled/s', atLeast: 0.9 },
    { what: 'settled/s with an old snapshot held, ratio to without', contender: 'with an old snapshot', baseline: '1,000,000 waiting', figure: 'settled/s', atLeast: 0.7 },
  ],
  run: async (context) => {
    const small = await startStack(context)
    const large = await startStack(context)
    await fillHistory(large, context.scaled(MANY), ACCOUNTS, context)
    const [few, many] = [await ourWorkers(small), await ourWorkers(large)]
    for (let waiting = 0; waiting < context.scaled(MANY); waiting += context.scaled(MEASURED)) {
      context.progress(`waiting payments: ${waiting.toLocaleString('en')} of ${context.scaled(MANY).toLocaleString('en')}`)
      context.signal.throwIfAborted()
      await many.accept(context.scaled(MEASURED), ACCOUNTS)
    }
    const snapshot = await connect(large.databaseUrl('payments'), context.resources)
    const settlePart = await measuredPart(large, many, context)
    await context.compare({
      '10,000 waiting': await measuredDrains(small, few, context),
      '1,000,000 waiting': () => settlePart(MEASURED),
      'with an old snapshot': async () => {
        await large.database.query('vacuum recon_jobs')
        await snapshot.query('begin isolation level repeatable read')
        await snapshot.query('select from payments limit 1')
        const figures = await settlePart(MEASURED_WITH_SNAPSHOT)
        await snapshot.query('commit')
        return figures
      },
    })
  },
}

async function measuredDrains(bench: BenchStack, settler: Settler, { scaled, signal }: MeasureContext): Promise<() => Promise<Figures>> {
  const postmaster = await pidOf(bench, 'postgres')
  return async () => {
    const all: Figures[] = []
    for (let n = 0; n < DRAINS; n++)
      all.push(await measureSettling(settler, { payments: scaled(FEW), accounts: ACCOUNTS, postmaster, signal }))
    return medians(all)
  }
}

async function measuredPart(bench: BenchStack, settler: Settler, { scaled, signal }: MeasureContext): Promise<(payments: number) => Promise<Figures>> {
  const postmaster = await pidOf(bench, 'postgres')
  return payments => measureSettling(settler, { payments: scaled(payments), accounts: ACCOUNTS, postmaster, signal }, false)
}

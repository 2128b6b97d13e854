import type { BenchStack } from '../bench-stack.ts'
import type { Course, Figures, Measure } from '../measure.ts'
import type { Settler } from '../settlers/settler.ts'
import { connect, pidOf, startStack } from '../bench-stack.ts'
import { medians } from '../figures.ts'
import { ours } from '../settlers/ours.ts'
import { settle } from '../settlers/settle.ts'
import { ACCOUNTS, fill } from './history.ts'

const MANY = 1_000_000
const FEW = 10_000
/** So many drains of the few make a run: one takes less than a second. */
const DRAINS = 5
const MEASURED = 100_000
/** Longer: what an old snapshot keeps from being removed grows with what has been settled. */
const MEASURED_WITH_SNAPSHOT = 200_000

export const backlog: Measure = {
  name: 'backlog',
  title: 'A long backlog and a long history',
  how: 'One worker, on a system with 1,000,000 payments settled and 1,000,000 more waiting, of which it settles 100,000; the same for 200,000 while another connection holds an old snapshot, so that nothing dead can be removed (nor does autovacuum try); beside a new system with 10,000 waiting, the median of five drains.',
  goals: [
    { what: 'settled/s, 1,000,000 waiting and 1,000,000 done, to 10,000 waiting', of: '1,000,000 waiting', to: '10,000 waiting', figure: 'settled/s', atLeast: 0.9 },
    { what: 'settled/s, with an old snapshot held, to without', of: 'with an old snapshot', to: '1,000,000 waiting', figure: 'settled/s', atLeast: 0.7 },
  ],
  run: async (course) => {
    const small = await startStack(course)
    const large = await startStack(course)
    await fill(large, course.sized(MANY), ACCOUNTS, course)
    const [few, many] = [await ours(small), await ours(large)]
    for (let waiting = 0; waiting < course.sized(MANY); waiting += course.sized(MEASURED)) {
      course.progress(`payments that wait: ${waiting.toLocaleString('en')} of ${course.sized(MANY).toLocaleString('en')}`)
      course.signal.throwIfAborted()
      await many.accept(course.sized(MEASURED), ACCOUNTS)
    }
    const old = await connect(large.databaseUrl('payments'), course.resources)
    const settleSome = await part(large, many, course)
    await course.compare({
      '10,000 waiting': await drains(small, few, course),
      '1,000,000 waiting': () => settleSome(MEASURED),
      'with an old snapshot': async () => {
        await large.database.query('vacuum recon_jobs')
        await old.query('begin isolation level repeatable read')
        await old.query('select from payments limit 1')
        const figures = await settleSome(MEASURED_WITH_SNAPSHOT)
        await old.query('commit')
        return figures
      },
    })
  },
}

async function drains(bench: BenchStack, settler: Settler, { sized, signal }: Course): Promise<() => Promise<Figures>> {
  const postmaster = await pidOf(bench, 'postgres')
  return async () => {
    const all: Figures[] = []
    for (let n = 0; n < DRAINS; n++)
      all.push(await settle(settler, { payments: sized(FEW), accounts: ACCOUNTS, postmaster, signal }))
    return medians(all)
  }
}

async function part(bench: BenchStack, settler: Settler, { sized, signal }: Course): Promise<(payments: number) => Promise<Figures>> {
  const postmaster = await pidOf(bench, 'postgres')
  return payments => settle(settler, { payments: sized(payments), accounts: ACCOUNTS, postmaster, signal }, false)
}

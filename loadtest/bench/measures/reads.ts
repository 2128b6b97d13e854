import type { BenchStack } from '../bench-stack.ts'
import type { Course, Figures, Measure } from '../measure.ts'
import { startStack } from '../bench-stack.ts'
import { quantile } from '../figures.ts'
import { ACCOUNT } from '../settlers/settler.ts'
import { ACCOUNTS, fill } from './history.ts'

const MANY = 1_000_000
const FEW = 1_000
const REQUESTS = 300
const WARM_UP = 50

/** What is read, for the n-th request. */
type Path = (n: number) => string

/** So few that 1,000 payments fill a page of each. What is read of an account is read of these. */
const ACCOUNTS_READ = 20
const RARE_AMOUNT = 'of a rare amount'

const account: Path = n => `${ACCOUNT}${n * 7 % ACCOUNTS_READ}`
const reads: Record<string, Path> = {
  'newest payments': () => '/payments',
  'pending': () => '/payments?status=pending',
  'failed': () => '/payments?status=failed',
  'completed': () => '/payments?status=completed',
  'with a discrepancy': () => '/payments?outcome=discrepancy',
  'of an account': n => `/payments?accountId=${account(n)}`,
  'in a range of time': () => '/payments?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
  [RARE_AMOUNT]: () => '/payments?amountFrom=999999',
  'accounts': () => `/accounts?prefix=${ACCOUNT}7`,
  'entries of an account': n => `/accounts/${account(n)}/entries`,
  'balance': n => `/accounts/${account(n)}/balance`,
  'balance at an instant': n => `/accounts/${account(n)}/balance?at=2026-01-01T00:00:00Z`,
}

export const reading: Measure = {
  name: 'reads',
  title: 'Reading, with many payments',
  how: `The 95th percentile in ms of ${REQUESTS} requests, one after the other, over HTTP, for each list with each of its filters, for balances and for one payment with all that belongs to it. No index serves an amount: a page of it looks at up to 3,000 payments, and ends there.`,
  goals: [
    { what: 'the slowest growing read with an index, 1,000,000 payments to 1,000', of: '1,000,000 payments', to: '1,000 payments', except: RARE_AMOUNT, atMost: 1.5 },
    { what: 'a list by a rare amount, 1,000,000 payments to 1,000', of: '1,000,000 payments', to: '1,000 payments', figure: RARE_AMOUNT, atMost: 1.5 },
  ],
  run: async (course) => {
    const [few, many] = [await startStack(course), await startStack(course)]
    await fill(few, FEW, ACCOUNTS_READ, course)
    await fill(many, Math.max(FEW, course.sized(MANY)), ACCOUNTS, course)
    const [readFew, readMany] = [await reader(few, course), await reader(many, course)]
    await course.compare({ '1,000 payments': readFew, '1,000,000 payments': readMany })
  },
}

async function reader({ apiUrl, database }: BenchStack, { signal }: Course): Promise<() => Promise<Figures>> {
  const { rows: ids } = await database.query<{ id: string }>('select id from payments order by sha256(uuid_send(id)) limit $1', [REQUESTS])
  const paths: Record<string, Path> = { ...reads, 'one payment': n => `/payments/${ids[n % ids.length]!.id}` }
  return async () => {
    const figures: Figures = {}
    for (const [name, path] of Object.entries(paths)) {
      const times: number[] = []
      for (let n = -WARM_UP; n < REQUESTS; n++) {
        const startedAt = performance.now()
        const res = await fetch(apiUrl + path(Math.abs(n)), { signal })
        await res.arrayBuffer()
        if (res.status !== 200)
          throw new Error(`${path(Math.abs(n))} answered ${res.status}`)
        if (n >= 0)
          times.push(performance.now() - startedAt)
      }
      figures[name] = quantile(times, 0.95)
    }
    return figures
  }
}

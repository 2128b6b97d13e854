import type { BenchStack } from '../bench-stack.ts'
import type { Figures, Measure, MeasureContext } from '../measure.ts'
import { startStack } from '../bench-stack.ts'
import { quantile } from '../figures.ts'
import { ACCOUNT_PREFIX } from '../settlers/settler.ts'
import { ACCOUNTS, fillHistory } from './fill-history.ts'

const MANY = 1_000_000
const FEW = 1_000
const REQUESTS = 300
const WARM_UP = 50

/** Returns the path of the n-th request. */
type Path = (n: number) => string

/** Few enough that 1,000 payments fill a page for each. Reads of an account use these accounts only. */
const ACCOUNTS_READ = 20
const RARE_AMOUNT = 'with a rare amount'

const account: Path = n => `${ACCOUNT_PREFIX}${n * 7 % ACCOUNTS_READ}`
const reads: Record<string, Path> = {
  'newest payments': () => '/payments',
  'pending': () => '/payments?status=pending',
  'failed': () => '/payments?status=failed',
  'completed': () => '/payments?status=completed',
  'with a discrepancy': () => '/payments?outcome=discrepancy',
  'of an account': n => `/payments?accountId=${account(n)}`,
  'in a time range': () => '/payments?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
  [RARE_AMOUNT]: () => '/payments?amountFrom=999999',
  'accounts': () => `/accounts?prefix=${ACCOUNT_PREFIX}7`,
  'entries of an account': n => `/accounts/${account(n)}/entries`,
  'balance': n => `/accounts/${account(n)}/balance`,
  'balance at an instant': n => `/accounts/${account(n)}/balance?at=2026-01-01T00:00:00Z`,
}

export const reading: Measure = {
  name: 'reads',
  title: 'Reading, with many payments',
  how: `The 95th percentile in ms of ${REQUESTS} requests, one after another over HTTP: each list with each of its filters, balances, and one payment with its details. No index covers the amount: a page filtered by amount reads at most 3,000 payments.`,
  goals: [
    { what: 'the indexed read that slows down most, 1,000,000 payments, ratio to 1,000', contender: '1,000,000 payments', baseline: '1,000 payments', exceptFigure: RARE_AMOUNT, atMost: 1.5 },
    { what: 'a list with a rare amount, 1,000,000 payments, ratio to 1,000', contender: '1,000,000 payments', baseline: '1,000 payments', figure: RARE_AMOUNT, atMost: 1.5 },
  ],
  run: async (context) => {
    const [few, many] = [await startStack(context), await startStack(context)]
    await fillHistory(few, FEW, ACCOUNTS_READ, context)
    await fillHistory(many, Math.max(FEW, context.scaled(MANY)), ACCOUNTS, context)
    const [readFew, readMany] = [await readsOf(few, context), await readsOf(many, context)]
    await context.compare({ '1,000 payments': readFew, '1,000,000 payments': readMany })
  },
}

async function readsOf({ apiUrl, database }: BenchStack, { signal }: MeasureContext): Promise<() => Promise<Figures>> {
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
          throw new Error(`GET ${path(Math.abs(n))} responded with ${res.status}`)
        if (n >= 0)
          times.push(performance.now() - startedAt)
      }
      figures[name] = quantile(times, 0.95)
    }
    return figures
  }
}

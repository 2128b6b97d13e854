import { median, setting, withStack } from '../with-stack.ts'
import { accept, databaseNow, drained, paused, settledPerSecond, wal } from './backlog.ts'

const cases = [
  { name: '1 worker, 1,000 accounts', workers: 1, accounts: 1_000 },
  { name: '4 workers, 1,000 accounts', workers: 4, accounts: 1_000 },
  { name: '1 worker, one account', workers: 1, accounts: 1 },
] as const

/** Settled a second, draining PAYMENTS=100000; WAL bytes a payment; the HOT share of payments' updates. */
export async function rates(): Promise<void> {
  const rounds = setting('ROUNDS', 3)
  const payments = setting('PAYMENTS', 100_000)
  await withStack(async (bench) => {
    const { stack, database } = bench
    const measured = cases.map(() => ({ perSecond: [] as number[], walBytes: [] as number[] }))
    for (let round = 1; round <= rounds; round++) {
      for (const [i, { name, workers, accounts }] of cases.entries()) {
        await stack.scale(workers)
        const release = await paused(bench, workers)
        await accept(database, payments, accounts)
        const [since, before] = [await databaseNow(database), await wal(database)]
        await release()
        await drained(database)
        const perSecond = await settledPerSecond(database, since)
        const walBytes = (await wal(database) - before) / payments
        measured[i]!.perSecond.push(perSecond)
        measured[i]!.walBytes.push(walBytes)
        console.log(`round ${round}  ${name.padEnd(26)} ${perSecond.toFixed(0).padStart(7)}/s   ${walBytes.toFixed(0)} WAL bytes a payment`)
      }
    }
    const [one, four, hot] = measured.map(({ perSecond }) => median(perSecond)) as [number, number, number]
    console.log(`median of ${rounds}: ${one.toFixed(0)}/s; 4 workers to 1: ${(four / one).toFixed(2)}; one account to 1,000: ${(hot / one).toFixed(2)}`)
    console.log(`WAL bytes a payment: ${median(measured[0]!.walBytes).toFixed(0)}`)
    const { rows: [updates] } = await database.query<{ share: string }>(`select round(n_tup_hot_upd::numeric / n_tup_upd, 3) as share from pg_stat_user_tables where relname = 'payments'`)
    console.log(`HOT share of payments' updates: ${updates?.share}`)
  })
}

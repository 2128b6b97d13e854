import { setTimeout as delay } from 'node:timers/promises'
import { median, setting, withStack } from '../with-stack.ts'
import { accept, databaseNow, drained, paused, settledPerSecond, topUp } from './backlog.ts'

const ACCOUNTS = 1_000
const WINDOW_MS = 10_000

/**
 * The rate with DONE=1000000 jobs done and WAITING=1000000 waiting, to that with FEW=10000 waiting: two systems at once,
 * of which one works at a time.
 */
export async function depth(): Promise<void> {
  const rounds = setting('ROUNDS', 3)
  const few = setting('FEW', 10_000)
  const done = setting('DONE', 1_000_000)
  const waiting = setting('WAITING', 1_000_000)
  await withStack(async deep => withStack(async (shallow) => {
    await accept(deep.database, done, ACCOUNTS)
    await deep.database.query('notify recon_jobs')
    await drained(deep.database)
    let releaseDeep = await paused(deep)

    const rates = { few: [] as number[], many: [] as number[] }
    for (let round = 1; round <= rounds; round++) {
      const release = await paused(shallow)
      await accept(shallow.database, few, ACCOUNTS)
      let since = await databaseNow(shallow.database)
      await release()
      await drained(shallow.database)
      rates.few.push(await settledPerSecond(shallow.database, since))

      await topUp(deep.database, waiting, ACCOUNTS)
      since = await databaseNow(deep.database)
      await releaseDeep()
      await delay(WINDOW_MS)
      releaseDeep = await paused(deep)
      rates.many.push(await settledPerSecond(deep.database, since))
      console.log(`round ${round}  ${few} waiting ${rates.few.at(-1)!.toFixed(0).padStart(7)}/s   ${waiting} waiting, ${done} done ${rates.many.at(-1)!.toFixed(0).padStart(7)}/s`)
    }
    await releaseDeep()
    console.log(`median of ${rounds}: ratio ${(median(rates.many) / median(rates.few)).toFixed(2)}`)
  }))
}

import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { median, setting, withStack } from '../with-stack.ts'
import { databaseNow, paused, settledPerSecond, topUp } from './backlog.ts'

const ACCOUNTS = 1_000
/** More than one worker settles in a second. */
const MOST_PER_SECOND = 20_000

/** The rate over SECONDS=60 while a reader idles in its transaction, to that without one. */
export async function snapshot(): Promise<void> {
  const rounds = setting('ROUNDS', 3)
  const seconds = setting('SECONDS', 60)
  await withStack(async (bench) => {
    const { database, databaseUrl } = bench
    let release = await paused(bench)
    const rates = { without: [] as number[], with: [] as number[] }
    for (let round = 1; round <= rounds; round++) {
      for (const name of ['without', 'with'] as const) {
        await topUp(database, seconds * MOST_PER_SECOND, ACCOUNTS)
        await database.query('vacuum recon_jobs') // what the window before has left behind
        const reader = new pg.Client({ connectionString: databaseUrl })
        await reader.connect()
        if (name === 'with') {
          await reader.query('begin isolation level repeatable read')
          await reader.query('select 1') // takes the snapshot
        }
        const since = await databaseNow(database)
        await release()
        await delay(seconds * 1_000)
        release = await paused(bench)
        await reader.end()
        rates[name].push(await settledPerSecond(database, since))
        console.log(`round ${round}  ${name.padEnd(7)} an idle reader ${rates[name].at(-1)!.toFixed(0).padStart(7)}/s`)
      }
    }
    await release()
    console.log(`median of ${rounds}: ratio ${(median(rates.with) / median(rates.without)).toFixed(2)}`)
  })
}

import type pg from 'pg'
import { createReadStream, existsSync } from 'node:fs'
import { duration } from '../../compose/src/verb.ts'

/** In a terminal one line that changes; elsewhere, a line now and then. */
const STEP_MS = process.stdout.isTTY ? 1_000 : 10_000

/** Shows how far a scenario is: how many answers k6 noted, and how many payments wait to be settled. */
export function showProgress(name: string, accountFile: string, database: pg.Client, durationS: number | undefined): { end: () => void } {
  const begin = Date.now()
  let read = 0
  let answers = 0
  let ended = false

  async function show(): Promise<void> {
    if (existsSync(accountFile)) {
      for await (const chunk of createReadStream(accountFile, { start: read })) {
        read += (chunk as Buffer).length
        answers += (chunk as Buffer).filter(byte => byte === 0x0A).length
      }
    }
    const { rows } = await database.query<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'pending'`)
    if (ended)
      return
    const line = `${name.padEnd(19)} ...    ${duration(Date.now() - begin)}${durationS ? ` of about ${duration(durationS * 1_000)}` : ''}, ${answers.toLocaleString('en')} answers, ${rows[0]!.n} payments wait to be settled`
    process.stdout.write(process.stdout.isTTY ? `\r\x1B[K${line}` : `${line}\n`)
  }

  let showing = Promise.resolve()
  const timer = setInterval(() => showing = showing.then(show).catch(() => {}), STEP_MS)
  return {
    end: () => {
      ended = true
      clearInterval(timer)
      if (process.stdout.isTTY)
        process.stdout.write('\r\x1B[K')
    },
  }
}

import type pg from 'pg'
import { createReadStream, existsSync } from 'node:fs'
import { duration } from '../../compose/src/verb.ts'

/** A terminal shows one line that updates every second; a log gets a new line every 10 s. */
const INTERVAL_MS = process.stdout.isTTY ? 1_000 : 10_000

/** Shows how far a scenario is: the responses in k6's journal, and the payments that are not settled yet. */
export function showProgress(name: string, journalFile: string, database: pg.Client, durationS: number | undefined): { end: () => void } {
  const startedAt = Date.now()
  let bytesRead = 0
  let responses = 0
  let ended = false

  async function show(): Promise<void> {
    if (existsSync(journalFile)) {
      for await (const chunk of createReadStream(journalFile, { start: bytesRead })) {
        bytesRead += (chunk as Buffer).length
        responses += (chunk as Buffer).filter(byte => byte === 0x0A).length
      }
    }
    const { rows } = await database.query<{ n: number }>(`select count(*)::int as n from recon_jobs where status = 'pending'`)
    if (ended)
      return
    const line = `${name.padEnd(19)} ...    ${duration(Date.now() - startedAt)}${durationS ? ` of about ${duration(durationS * 1_000)}` : ''}, ${responses.toLocaleString('en')} responses, ${rows[0]!.n} payments not settled yet`
    process.stdout.write(process.stdout.isTTY ? `\r\x1B[K${line}` : `${line}\n`)
  }

  let showing = Promise.resolve()
  const timer = setInterval(() => showing = showing.then(show).catch(() => {}), INTERVAL_MS)
  return {
    end: () => {
      ended = true
      clearInterval(timer)
      if (process.stdout.isTTY)
        process.stdout.write('\r\x1B[K')
    },
  }
}

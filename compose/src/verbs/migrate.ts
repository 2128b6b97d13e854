// `make migrate`: brings the database of the running Postgres up to date. Waits while Postgres starts.
import { setTimeout as delay } from 'node:timers/promises'
import { DataFolder } from '../data/data-folder.ts'
import { lastLines } from '../embedded/log-files.ts'
import { migrateDatabase } from '../embedded/migrate-database.ts'
import { liveState } from '../embedded/owners.ts'
import { settingOf } from '../embedded/part-specs.ts'
import { makeRunOnce } from '../embedded/run-to-end.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

const POSTGRES_TIMEOUT_MS = 120_000
const POLL_MS = 100

await runVerb(async (config) => {
  const folder = new DataFolder(config.dataDir)
  const deadline = Date.now() + POSTGRES_TIMEOUT_MS
  const runs = () => [folder, new DataFolder(config.dataDir, 'postgres')].some(owner =>
    liveState(owner)?.parts.some(part => part.name === 'postgres' && part.phase === 'running'))
  if (!runs())
    console.log('Waiting for Postgres, which `make service PART=postgres` starts ...')
  while (!runs()) {
    if (Date.now() > deadline)
      throw new Refusal(`Postgres did not start within ${POSTGRES_TIMEOUT_MS / 1000} s. Start it with \`make service PART=postgres\`.`)
    await delay(POLL_MS)
  }
  const desired = folder.readDesired()
  if (!desired)
    throw new Refusal(`${folder.path} has no desired.json. Run \`make down\`, then start the system again.`)
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stopped.abort()) // the migration has its own process group
  const log = folder.logFile('migrations')
  await migrateDatabase(settingOf(folder, desired), makeRunOnce('migrate', log, stopped.signal, () => {}))
  console.log(lastLines(log, 1)[0] ?? 'migrated')
  return 0
})

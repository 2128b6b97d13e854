// The supervisor's process. `make up` starts it, and it lives until `make down`:
//   node supervise.ts <data folder>
// SIGTERM stops everything; SIGHUP makes it read again what should run. While it starts it tells its progress over
// the channel to its parent, and stops when the parent goes away: a start that nobody waits for is undone.
import type { Step } from './supervisor.ts'
import { join } from 'node:path'
import { readConfig } from './config.ts'
import { DataFolder } from './data-folder.ts'
import { boundLogs } from './log-files.ts'
import { findPostgresHome } from './postgres-home.ts'
import { asRefusal, explain } from './refusal.ts'
import { Supervisor } from './supervisor.ts'

/** What the parent hears while the stack starts. */
export type StartMessage = { step: Step } | { up: true } | { failed: { line: string, details: readonly string[] } }

const report = (line: string) => console.log(`${new Date().toISOString()} ${line}`)
const tellParent = (message: StartMessage) => process.connected && process.send?.(message)

async function main(dataDir: string): Promise<void> {
  const folder = new DataFolder(dataDir)
  const desired = folder.readDesired()
  if (!desired)
    throw new Error(`there is no desired.json in ${dataDir}`)
  const supervisor = new Supervisor(folder, {
    desired,
    passwords: folder.passwords(),
    home: findPostgresHome(folder),
    consoleCopy: join(folder.path, 'console'),
    inheritedEnv: readConfig().inheritedEnv,
  }, report)
  supervisor.claim()
  boundLogs(folder)

  let up = false
  const stop = async (why: string) => {
    report(`stopping: ${why}`)
    await supervisor.stop().catch(error => report(explain(error)))
    report('stopped')
    process.exit()
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  process.on('disconnect', () => up || void stop('whoever started it has gone'))
  process.on('uncaughtException', (error) => {
    process.exitCode = 1
    void stop(explain(error))
  })
  process.on('SIGHUP', () => {
    const changed = folder.readDesired()
    if (changed)
      supervisor.apply(changed)
  })

  report(`starting, as pid ${process.pid}`)
  await supervisor.start((step) => {
    if (step.tookMs !== null)
      report(`${step.name}: ${step.tookMs} ms`)
    tellParent({ step })
  })
  up = true
  report('up')
  tellParent({ up: true })
}

main(process.argv[2]!).catch((error) => {
  report(explain(error))
  const { message, details } = asRefusal(error)
  tellParent({
    failed: { line: message, details },
  })
  process.exitCode = 1
  process.disconnect?.()
})

import type { DataFolder } from './data-folder.ts'
import type { Setting } from './parts.ts'
import type { DesiredState, Service } from './state.ts'
import type { Step } from './supervisor.ts'
import { join } from 'node:path'
import { readConfig } from './config.ts'
import { boundLogs } from './log-files.ts'
import { findPostgresHome } from './postgres-home.ts'
import { explain } from './refusal.ts'
import { Supervisor } from './supervisor.ts'

const report = (line: string) => console.log(`${new Date().toISOString()} ${line}`)

/** What the parts of a data folder are made from. */
export function settingOf(folder: DataFolder, desired: DesiredState): Setting {
  return {
    desired,
    passwords: folder.passwords(),
    home: findPostgresHome(folder),
    consoleCopy: join(folder.path, 'console'),
    inheritedEnv: readConfig().inheritedEnv,
  }
}

/**
 * Makes this process the supervisor of all parts, or of one service, and returns when they are up. It then lives until
 * SIGTERM or SIGINT, which stop the parts and end it with 0; SIGHUP makes it read again what should run. Throws when
 * they do not get up. `stopWhen` is given a function that stops everything, saying why, and ends the process.
 */
export async function superviseFolder(
  folder: DataFolder,
  progress: (step: Step) => void,
  stopWhen: (stop: (why: string) => void) => void,
  service?: Service,
): Promise<void> {
  const desired = folder.readDesired()
  if (!desired)
    throw new Error(`there is no desired.json in ${folder.path}`)
  const supervisor = new Supervisor(folder, settingOf(folder, desired), report, service)
  supervisor.claim()
  boundLogs(folder)

  const stop = async (why: string) => {
    report(`stopping: ${why}`)
    await supervisor.stop().catch(error => report(explain(error)))
    report('stopped')
    process.exit()
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  process.on('uncaughtException', (error) => {
    process.exitCode = 1
    void stop(explain(error))
  })
  process.on('SIGHUP', () => {
    const changed = folder.readDesired()
    if (changed)
      supervisor.apply(changed)
  })
  stopWhen(why => void stop(why))

  report(`starting, as pid ${process.pid}`)
  await supervisor.start((step) => {
    if (step.tookMs !== null)
      report(`${step.name}: ${step.tookMs} ms`)
    progress(step)
  })
  report('up')
}

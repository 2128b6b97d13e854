import type { DataFolder } from '../data/data-folder.ts'
import type { DesiredState, PartState, Service, StackState } from '../data/state.ts'
import type { Watcher } from '../machine/watch-folder.ts'
import type { Progress } from '../stack.ts'
import type { KillSwitch } from './kill-switch.ts'
import type { Setting } from './part-specs.ts'
import type { PartSpec } from './part.ts'
import type { RunOnce } from './run-to-end.ts'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { loginUrl } from '../data/logins.ts'
import { notRunning } from '../data/state.ts'
import { checkHealth } from '../machine/health.ts'
import { identify, signalTree } from '../machine/processes.ts'
import { watchFolder } from '../machine/watch-folder.ts'
import { asRefusal, explain, Refusal } from '../refusal.ts'
import { runStep } from '../stack.ts'
import { listenForKills } from './kill-switch.ts'
import { rotateLogs } from './log-files.ts'
import { migrateDatabase } from './migrate-database.ts'
import { apiPart, consoleOrigins, migrationsFolder, postgresPart, settingOf, uiDevPart, uiPart, workerPart } from './part-specs.ts'
import { Part } from './part.ts'
import { initialise, isInitialised, requireVersion } from './postgres.ts'
import { makeRunOnce } from './run-to-end.ts'

// Long enough for a new machine to install and migrate while all services start concurrently.
const DATABASE_TIMEOUT_MS = 300_000
const DATABASE_POLL_MS = 250
const SAVE_AGAIN_MS = 1_000

/** Owns the parts: starts them in order, restarts them, applies the desired state, and stops them in reverse order. */
class Supervisor {
  private readonly folder: DataFolder
  private readonly setting: Setting
  private readonly report: (line: string) => void
  /** The service to run; undefined to run everything. */
  private readonly only?: Service
  private readonly stopping = new AbortController()
  private readonly parts = new Map<string, Part>()
  private readonly commands = new Map<string, PartState>()
  /** In development form, what watches the sources of each part, and `migrations`. */
  private readonly watchers = new Map<string, Watcher>()
  /** The last restart of each part after a save. */
  private readonly restarts = new Map<string, Promise<void>>()
  /** Listens only with CONSOLE_CHAOS=1. */
  private killSwitch?: KillSwitch
  private readonly state: Omit<StackState, 'parts'>
  private restartsDone: Record<string, number>
  private replacementsDone: Record<string, number>
  // The start, then the change of each SIGHUP. They run one at a time.
  private work: Promise<void> = Promise.resolve()
  private stopped?: Promise<void>
  /** Set while the state could not be saved. */
  private unsaved?: NodeJS.Timeout

  constructor(folder: DataFolder, setting: Setting, report: (line: string) => void, only?: Service) {
    this.folder = folder
    this.setting = setting
    this.report = report
    this.only = only
    this.restartsDone = setting.desired.restarts
    this.replacementsDone = setting.desired.replacements ?? {}
    this.state = { supervisor: identify(process.pid)!, phase: 'starting', startedAt: Date.now() }
  }

  /** Claims the data folder. Throws a Refusal if another supervisor owns it. */
  claim(): void {
    if (!this.folder.claim({ ...this.state, parts: [] }))
      throw new Refusal(`Another \`${this.only ? `make service PART=${this.only}` : 'make up'}\` uses this data folder. Wait for it to finish, or see \`make status\`.`)
  }

  /** Starts everything. If a part fails or `stop` is called during the start, stops everything that started, then throws. */
  async start(progress: Progress): Promise<void> {
    this.work = this.startInOrder(progress)
    try {
      await this.work
    }
    catch (error) {
      await this.stop()
      throw error
    }
  }

  private async startInOrder(progress: Progress): Promise<void> {
    const { setting } = this
    const step = async (name: string, work: () => Promise<void>) => {
      if (this.stopping.signal.aborted)
        throw new Refusal('Stopped during the start.')
      await runStep(progress, name, work)
    }
    const part = (spec: PartSpec) => step(spec.name, () => this.add(spec).start())

    const { only } = this
    if (this.runs('postgres')) {
      if (isInitialised(setting.home))
        requireVersion(setting.home)
      else
        await step('database files', () => initialise(setting.home, this.runOnce('initdb', 'postgres')))
      await part(postgresPart(setting))
    }
    if (only === undefined)
      await step('migrations', () => migrateDatabase(setting, this.runOnce('migrate', 'migrations')))
    else if (only === 'api' || only === 'worker')
      await step('the database', () => this.waitForDatabase(only))
    const workers = this.runs('worker') ? numbers(1, setting.desired.workers).map(number => workerPart(setting, number)) : []
    const apis = this.runs('api') ? numbers(1, setting.desired.apis).map(number => apiPart(setting, number)) : []
    await Promise.all([...apis, ...workers].map(part))
    if (setting.desired.consoleChaos)
      this.killSwitch = await listenForKills(consoleOrigins(setting), name => this.killWorker(name))
    if (this.runs('ui'))
      await part(setting.desired.debugPort === undefined ? uiPart(setting, this.killSwitch) : uiDevPart(setting, this.killSwitch))
    if (setting.desired.debugPort !== undefined)
      this.watchers.set('migrations', watchFolder(migrationsFolder, /\.sql$/, () => this.migrate()))
    this.state.phase = 'up'
    this.save()
  }

  private runs(service: Service): boolean {
    return this.only === undefined || this.only === service
  }

  // Other services run Postgres and the migrations: wait until the login of this service works.
  private async waitForDatabase(service: 'api' | 'worker'): Promise<void> {
    const { desired: { ports }, passwords } = this.setting
    const url = loginUrl(ports.postgres, `payments_${service}`, passwords)
    const deadline = Date.now() + DATABASE_TIMEOUT_MS
    let health = await checkHealth(url)
    if (health !== 'ok')
      this.report(`waiting for Postgres and its migrations (${health}): \`make service PART=postgres\`, then \`make migrate\``)
    this.commands.set(service, { ...notRunning(service, 'SIGTERM'), phase: 'starting' })
    this.save()
    while (health !== 'ok' && !this.stopping.signal.aborted) {
      if (Date.now() > deadline)
        throw new Refusal(`${service} could not log in to Postgres within ${DATABASE_TIMEOUT_MS / 1000} s (${health}). Run \`make service PART=postgres\`, then \`make migrate\`.`)
      await delay(DATABASE_POLL_MS, null, { signal: this.stopping.signal }).catch(() => {})
      health = await checkHealth(url)
    }
    this.commands.delete(service)
    this.save()
  }

  /** Starts or stops workers and APIs to match the desired numbers, and restarts the parts whose restart was requested. */
  apply(desired: DesiredState): void {
    this.work = this.work.then(async () => {
      const names = [...this.parts.keys()]
      const toRestart = names.filter(name => desired.restarts[name] !== this.restartsDone[name])
      this.restartsDone = desired.restarts
      const replacements = desired.replacements ?? {}
      const toReplace = names.filter(name => replacements[name] !== this.replacementsDone[name])
      this.replacementsDone = replacements
      await Promise.all([
        ...toRestart.map(name => this.restart(name)),
        ...toReplace.map(name => this.replace(name)),
        ...this.runs('worker') ? this.resize(/^worker-/, desired.workers, number => workerPart(this.setting, number)) : [],
        ...this.runs('api') ? this.resize(/^api/, desired.apis, number => apiPart(this.setting, number)) : [],
      ])
    }).catch(error => this.report(explain(error)))
  }

  /** Starts or stops the replicas of a kind, the newest first. */
  private resize(kind: RegExp, wanted: number, specOf: (number: number) => PartSpec): Promise<void>[] {
    const running = [...this.parts.keys()].filter(name => kind.test(name)).length
    return [
      ...numbers(running + 1, wanted).map(number => this.add(specOf(number)).startInBackground()),
      ...numbers(wanted + 1, running).map(number => this.drop(specOf(number).name)),
    ]
  }

  /** Stops everything and releases the data folder. */
  stop(): Promise<void> {
    return this.stopped ??= this.stopInOrder()
  }

  // A part stops before the parts it depends on; workers stop in any order.
  private async stopInOrder(): Promise<void> {
    this.state.phase = 'stopping'
    this.save()
    this.stopping.abort()
    for (const watcher of this.watchers.values())
      watcher.close()
    this.killSwitch?.close()
    await Promise.all(this.restarts.values())
    for (const kind of [/^ui$/, /^worker-/, /^api/, /^postgres$/])
      await Promise.all([...this.parts].filter(([name]) => kind.test(name)).map(([, part]) => part.stop()))
    await this.work.catch(() => {})
    clearTimeout(this.unsaved) // the state must not appear again
    this.folder.release()
  }

  /** Kills a worker as a crash would; it is restarted like after any other. Returns false if it is not running. */
  private killWorker(name: string): boolean {
    const worker = this.parts.get(name)?.state.process
    if (!worker)
      return false
    this.report(`${name} is killed from the console's map`)
    signalTree(worker, 'SIGKILL')
    return true
  }

  private add(spec: PartSpec): Part {
    if (this.stopping.signal.aborted)
      throw new Refusal(`${spec.name} was not started, because the system is stopping.`)
    const part = this.create(spec)
    this.parts.set(spec.name, part)
    if (spec.sources !== undefined && !this.watchers.has(spec.name))
      this.watchers.set(spec.name, watchFolder(spec.sources, /\.(?:ts|json)$/, () => this.restartOnSave(spec.name)))
    return part
  }

  private create(spec: PartSpec): Part {
    return new Part(spec, this.folder.logFile(spec.name), () => this.save(), this.report)
  }

  // Does not wait until the part is healthy: with broken sources it never is, and the next save must not wait for that.
  private restartOnSave(name: string): void {
    const restart = async () => {
      const part = this.parts.get(name)
      await part?.stop()
      if (!part || this.stopping.signal.aborted)
        return
      this.report(`${name} restarts, because its sources changed`)
      void this.add(part.spec).startInBackground()
    }
    this.restarts.set(name, (this.restarts.get(name) ?? Promise.resolve()).then(restart))
  }

  /** Applies new migrations to the running system. */
  private migrate(): void {
    this.work = this.work.then(async () => {
      await migrateDatabase(this.setting, this.runOnce('migrate', 'migrations'))
    }).catch(error => this.report(explain(error)))
  }

  private async drop(name: string): Promise<void> {
    this.watchers.get(name)?.close()
    this.watchers.delete(name)
    await this.restarts.get(name)
    await this.parts.get(name)?.stop()
    this.parts.delete(name)
    this.save()
  }

  private async restart(name: string): Promise<void> {
    const part = this.parts.get(name)
    await part?.stop()
    if (part)
      await this.add(part.spec).startInBackground()
  }

  // If the new process does not start, the old one keeps running.
  private async replace(name: string): Promise<void> {
    const old = this.parts.get(name)
    if (!old?.spec.sharesPort)
      return this.restart(name)
    const part = this.create(old.spec)
    try {
      await part.start()
    }
    catch (error) {
      const { message, details } = asRefusal(error)
      this.report(explain(error))
      old.replacementFailed(message, details)
      return
    }
    this.parts.set(name, part)
    this.save()
    await old.stop()
  }

  // The state records the command like a part, so that it can be found and ended if this process is killed.
  private runOnce(name: string, log: string): RunOnce {
    return makeRunOnce(name, this.folder.logFile(log), this.stopping.signal, (process) => {
      if (process)
        this.commands.set(name, { ...notRunning(name, 'SIGTERM'), phase: 'running', process, startedAt: Date.now() })
      else
        this.commands.delete(name)
      this.save()
    })
  }

  private save(): void {
    const parts = [...this.parts.values()].map(part => part.state)
    try {
      this.folder.writeState({ ...this.state, parts: [...parts, ...this.commands.values()] })
      clearTimeout(this.unsaved)
      this.unsaved = undefined
    }
    catch (error) {
      if (existsSync(this.folder.path))
        this.saveLater(error)
      else if (!this.stopping.signal.aborted)
        process.kill(process.pid, 'SIGTERM') // the data folder was removed, so nothing can keep running
    }
  }

  // Parts that work keep working on a full disk. Until the state is saved, other verbs read an older one.
  private saveLater(error: unknown): void {
    if (this.unsaved === undefined)
      this.report(`the state cannot be saved, next try in ${SAVE_AGAIN_MS / 1000} s: ${explain(error)}`)
    clearTimeout(this.unsaved)
    this.unsaved = setTimeout(() => this.save(), SAVE_AGAIN_MS).unref()
  }
}

/**
 * Makes this process the supervisor of all parts, or of one service, and returns once they are up; throws if they do not
 * start. SIGTERM and SIGINT stop the parts and exit with 0; SIGHUP reloads the desired state. `stopWhen` receives a
 * function that logs a reason, stops everything and exits.
 */
export async function superviseFolder(
  folder: DataFolder,
  progress: Progress,
  stopWhen: (stop: (why: string) => void) => void,
  service?: Service,
): Promise<void> {
  const desired = folder.readDesired()
  if (!desired)
    throw new Error(`${folder.path} has no desired.json`)
  const supervisor = new Supervisor(folder, settingOf(folder, desired), report, service)
  supervisor.claim()
  rotateLogs(folder)

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

function report(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`)
}

/** The integers from `first` to `last`, inclusive; empty if `last` is smaller. */
function numbers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

import type { Config } from '../config.ts'
import type { DesiredState, PartState, StackState } from '../data/state.ts'
import type { Endpoints, LogLine, Outcome, PartStatus, Progress, RedeployedService, Stack } from '../stack.ts'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { count } from '../count.ts'
import { DataFolder } from '../data/data-folder.ts'
import { loginUrl } from '../data/logins.ts'
import { checkHealth } from '../machine/health.ts'
import { requireFreePorts } from '../machine/ports.ts'
import { isAlive, isPaused, signalProcess, signalTree } from '../machine/processes.ts'
import { waitFor, waitWithProgress } from '../machine/wait-for.ts'
import { Refusal } from '../refusal.ts'
import { NOTHING_RUNS, runStep } from '../stack.ts'
import { followLogs } from './log-files.ts'
import { endLeftovers, liveServices, liveState, serviceFolders, stopOwner } from './owners.ts'
import { removeOutside } from './postgres-home.ts'
import { prepareParts } from './prepare-parts.ts'
import { startSupervisor } from './start-supervisor.ts'

const START_TIMEOUT_MS = 180_000
const CHANGE_TIMEOUT_MS = 60_000
/** How long a part may be unhealthy before `make up` restarts it. */
const RECOVERY_TIMEOUT_MS = 10_000
const POLL_MS = 50

/** Runs the system as plain processes on an embedded Postgres. A supervisor process owns them. */
export class EmbeddedStack implements Stack {
  private readonly config: Config
  private readonly folder: DataFolder
  /** The data folder as each `make service` sees it. While a service runs, `make up` refuses to start. */
  private readonly services: DataFolder[]

  constructor(config: Config) {
    this.config = config
    this.folder = new DataFolder(config.dataDir)
    this.services = serviceFolders(config.dataDir).map(({ folder }) => folder)
  }

  async start(progress: Progress, signal: AbortSignal): Promise<Outcome> {
    this.folder.create()
    await this.waitForOthers(progress, signal)
    if (liveState(this.folder)) {
      const changed = [await this.repair(progress), await this.resize()]
      return changed.includes(true) ? 'updated' : 'already up'
    }
    const alone = liveServices(this.config.dataDir)
    if (alone.length > 0)
      throw new Refusal(`\`make service\` already runs ${alone.join(', ')}. Run \`make down\` first, then \`make up\`.`)
    for (const folder of [this.folder, ...this.services])
      await endLeftovers(folder)
    const { ports, autoPorts, workers, apis, logLevel, dev, debugPort, chaos, consoleChaos } = this.config
    await requireFreePorts(ports)
    this.folder.writeDesired({ ports, workers: workers ?? 1, apis, logLevel, ...(dev && { debugPort }), ...(chaos && { chaos }), ...(consoleChaos && { consoleChaos }), restarts: {} })
    await startSupervisor(this.folder, progress, { signal, timeoutMs: START_TIMEOUT_MS, attached: dev })
    this.folder.remember({ mode: 'embedded', ...(autoPorts && { ports }) })
    return 'started'
  }

  /** Resumes the parts that are frozen, and restarts those that stay unhealthy. Returns whether there were any. */
  private async repair(progress: Progress): Promise<boolean> {
    const unhealthy = async () => (await this.parts()).filter(({ state, health }) => state !== 'running' || health !== 'ok')
    const found = await unhealthy()
    for (const { name } of found.filter(({ state }) => state === 'paused'))
      await runStep(progress, name, async () => this.resume(name), 'resuming')
    if (found.length === 0)
      return false
    // A part that is not healthy may only wait for another one, such as the API for Postgres.
    await waitFor('every part to become healthy', async () => (await unhealthy()).length === 0, { timeoutMs: RECOVERY_TIMEOUT_MS, pollMs: POLL_MS }).catch(() => {})
    for (const { name, state } of await unhealthy()) {
      if (state === 'running')
        await runStep(progress, name, () => this.restart(name), 'restarting')
    }
    return true
  }

  /** Gives the running system the numbers of workers and APIs that the caller named. Returns whether that changed any. */
  private async resize(): Promise<boolean> {
    const { named, apis, workers } = this.config
    const desired = this.desired()
    const wanted = { workers: workers ?? desired.workers, apis: named.has('APIS') ? apis : desired.apis }
    if (wanted.workers === desired.workers && wanted.apis === desired.apis)
      return false
    this.change({ ...desired, ...wanted })
    await this.waitForReplicas('worker', wanted.workers)
    await this.waitForReplicas('api', wanted.apis)
    return true
  }

  /** Waits until a service has this number of replicas, each healthy. */
  private waitForReplicas(service: 'api' | 'worker', wanted: number): Promise<void> {
    return this.waitFor(count(wanted, `healthy ${service === 'api' ? 'API' : service}`), async () => {
      const running = (await this.parts()).filter(({ name }) => name === service || name.startsWith(`${service}-`))
      return running.length === wanted && running.every(part => part.health === 'ok')
    })
  }

  async stop(): Promise<boolean> {
    let stopped = false
    // A part stops before the parts it depends on.
    for (const folder of [this.folder, ...this.services.toReversed()])
      stopped = await stopOwner(folder) || stopped
    return stopped
  }

  async reset(): Promise<void> {
    await this.stop()
    removeOutside(this.folder)
    this.folder.remove()
  }

  exists(): boolean {
    return [this.folder, ...this.services].some(folder => folder.readState() !== null)
  }

  async parts(): Promise<PartStatus[]> {
    const states = [this.folder, ...this.services].map(folder => folder.readState()).filter(state => state !== null)
    return Promise.all(states.flatMap(({ supervisor, parts }) => {
      const supervised = isAlive(supervisor)
      return parts.map(part => status(part, supervised))
    }))
  }

  endpoints(): Endpoints {
    const { ports } = this.desired()
    const passwords = this.folder.passwords()
    return {
      ui: `http://localhost:${ports.ui}`,
      api: `http://localhost:${ports.api}`,
      databaseUrl: loginUrl(ports.postgres, 'payments_reader', passwords),
      ownerUrl: loginUrl(ports.postgres, 'payments_owner', passwords),
      postgresPort: ports.postgres,
    }
  }

  async scale(workers: number): Promise<void> {
    if (this.liveStates().length > 0 && !this.liveStates().some(({ parts }) => parts.some(part => part.name.startsWith('worker-'))))
      throw new Refusal('No worker is running. Start the workers with `make service PART=worker`.')
    this.change({ ...this.desired(), workers })
    await this.waitForReplicas('worker', workers)
  }

  async restart(part: string): Promise<void> {
    const before = this.running(part)
    const desired = this.desired()
    this.change({ ...desired, restarts: { ...desired.restarts, [part]: (desired.restarts[part] ?? 0) + 1 } })
    await this.waitFor(`${part} to become healthy again`, async () => {
      const now = (await this.parts()).find(({ name }) => name === part)
      return now !== undefined && now.pid !== before.pid && now.health === 'ok'
    })
  }

  async redeploy(service: RedeployedService, progress: Progress): Promise<void> {
    if (service === 'proxy')
      throw new Refusal('Only containers have a proxy. The services are api, worker and ui.')
    const desired = this.desired()
    await prepareParts(service === 'ui' && desired.debugPort === undefined ? 'parts' : 'dependencies')
    const names = (await this.parts()).map(({ name }) => name).filter(name => name === service || name.startsWith(`${service}-`))
    for (const name of names) // one by one, so that the others keep serving
      await runStep(progress, name, () => this.replace(name))
  }

  private async replace(name: string): Promise<void> {
    const before = this.running(name)
    const desired = this.desired()
    const deathBefore = (await this.parts()).find(part => part.name === name)?.lastDeath?.at
    this.change({ ...desired, replacements: { ...desired.replacements, [name]: (desired.replacements?.[name] ?? 0) + 1 } })
    await this.waitFor(`the new ${name} to become healthy`, async () => {
      const now = (await this.parts()).find(part => part.name === name)
      if (now?.lastDeath && now.lastDeath.at !== deathBefore)
        throw new Refusal(`${name} was not replaced: ${now.lastDeath.how}`, now.lastDeath.lines)
      return now !== undefined && now.pid !== before.pid && now.health === 'ok'
    })
  }

  async collectGarbage(part: string): Promise<void> {
    const { pid } = this.running(part)
    const collecting = promisify(execFile)(process.execPath, [join(import.meta.dirname, '../machine/collect-garbage.ts'), String(pid)], { timeout: CHANGE_TIMEOUT_MS, killSignal: 'SIGKILL' })
    await collecting.catch(({ message, stderr }: { message: string, stderr?: string }) => {
      throw new Refusal(`The garbage collection in ${part} failed: ${stderr?.trim() || message}`)
    })
  }

  kill(part: string): void {
    if (part === 'supervisor')
      return this.liveStates().forEach(({ supervisor }) => signalProcess(supervisor.pid, 'SIGKILL'))
    signalTree(this.running(part), 'SIGKILL')
  }

  pause(part: string): void {
    signalTree(this.running(part), 'SIGSTOP')
  }

  resume(part: string): void {
    signalTree(this.running(part), 'SIGCONT')
  }

  logs({ lines, follow, signal }: { lines: number, follow: boolean, signal: AbortSignal }): AsyncIterable<LogLine> {
    return followLogs(this.folder, lines, signal, () => follow && this.liveStates().length > 0)
  }

  /** Waits until no other `make up` or `make down` is running. */
  private async waitForOthers(progress: Progress, signal: AbortSignal): Promise<void> {
    const idle = async () => {
      if (signal.aborted)
        throw new Refusal('Stopped while waiting for another `make up` or `make down` to finish.')
      return !['starting', 'stopping'].includes(liveState(this.folder)?.phase ?? '')
    }
    await waitWithProgress(progress, 'another `make up` or `make down` to finish', idle, { timeoutMs: START_TIMEOUT_MS, pollMs: POLL_MS })
  }

  /** The states of all live supervisors. */
  private liveStates(): StackState[] {
    return [this.folder, ...this.services].map(liveState).filter(state => state !== null)
  }

  private desired(): DesiredState {
    const desired = this.liveStates().length > 0 ? this.folder.readDesired() : null
    if (!desired)
      throw new Refusal(NOTHING_RUNS)
    return desired
  }

  private change(desired: DesiredState): void {
    const states = this.liveStates()
    if (!states.every(({ phase }) => phase === 'up'))
      throw new Refusal('The system is still starting or stopping. Try again once `make status` shows every part running.')
    this.folder.writeDesired(desired)
    for (const { supervisor } of states)
      process.kill(supervisor.pid, 'SIGHUP')
  }

  private running(name: string) {
    const part = this.liveStates().flatMap(({ parts }) => parts).find(part => part.name === name)
    if (!part?.process)
      throw new Refusal(`${name} is not running. See \`make status\`.`)
    return part.process
  }

  private waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
    return waitFor(what, condition, { timeoutMs: CHANGE_TIMEOUT_MS, pollMs: POLL_MS })
  }
}

async function status(part: PartState, supervised: boolean): Promise<PartStatus> {
  const { name, restarts, url, lastDeath } = part
  const alive = part.process !== null && isAlive(part.process)
  const phase = alive && isPaused(part.process!) ? 'paused' : part.phase
  return {
    name,
    state: supervised ? phase : alive ? 'left behind' : 'gone',
    pid: alive ? part.process!.pid : null,
    uptimeMs: alive && part.startedAt !== null ? Date.now() - part.startedAt : null,
    restarts,
    url,
    health: alive && part.health ? await checkHealth(part.health) : '-',
    lastDeath,
  }
}

import type { Config } from './config.ts'
import type { Endpoints, LogLine, PartStatus, Progress, Stack } from './stack.ts'
import type { DesiredState, PartState, StackState } from './state.ts'
import { setTimeout as delay } from 'node:timers/promises'
import { DataFolder } from './data-folder.ts'
import { loginUrl } from './database-logins.ts'
import { followLogs } from './follow-logs.ts'
import { checkHealth } from './health.ts'
import { requireFreePorts } from './ports.ts'
import { removeOutside } from './postgres-home.ts'
import { endProcess, isAlive, isPaused, signalTree } from './processes.ts'
import { Refusal } from './refusal.ts'
import { startSupervisor } from './start-supervisor.ts'

/** Longer than all its parts may take together, one after another. */
const STOP_TIMEOUT_MS = 90_000
const START_TIMEOUT_MS = 180_000
const CHANGE_TIMEOUT_MS = 60_000
const POLL_MS = 50

/** The system as plain processes of this machine, on an embedded Postgres, under a supervisor of their own. */
export class EmbeddedStack implements Stack {
  private readonly config: Config
  private readonly folder: DataFolder

  constructor(config: Config) {
    this.config = config
    this.folder = new DataFolder(config.dataDir)
  }

  async start(progress: Progress, signal: AbortSignal): Promise<'started' | 'already up'> {
    this.folder.create()
    await this.settle(signal)
    if (this.liveState())
      return 'already up'
    await this.endLeftovers()
    const { ports, workers, logLevel } = this.config
    await requireFreePorts(ports)
    this.folder.writeDesired({ ports, workers: workers ?? 1, logLevel, restarts: {} })
    await startSupervisor(this.folder, progress, signal, START_TIMEOUT_MS)
    return 'started'
  }

  async stop(): Promise<boolean> {
    const state = this.folder.readState()
    if (!state)
      return false
    await endProcess(state.supervisor, 'SIGTERM', STOP_TIMEOUT_MS)
    await this.endLeftovers() // there are none, unless the supervisor was killed
    return true
  }

  async reset(): Promise<void> {
    await this.stop()
    removeOutside(this.folder)
    this.folder.remove()
  }

  async parts(): Promise<PartStatus[]> {
    const state = this.folder.readState()
    if (!state)
      return []
    const supervised = isAlive(state.supervisor)
    return Promise.all(state.parts.map(part => status(part, supervised)))
  }

  endpoints(): Endpoints {
    const { ports } = this.desired()
    return {
      ui: `http://localhost:${ports.ui}`,
      api: `http://localhost:${ports.api}`,
      databaseUrl: loginUrl(ports.postgres, 'payments_reader', this.folder.passwords()),
      postgresPort: ports.postgres,
    }
  }

  async scale(workers: number): Promise<void> {
    this.change({ ...this.desired(), workers })
    await this.until(`${workers} workers are healthy`, async () => {
      const running = (await this.parts()).filter(part => part.name.startsWith('worker-'))
      return running.length === workers && running.every(part => part.health === 'ok')
    })
  }

  async restart(part: string): Promise<void> {
    const before = this.running(part)
    const desired = this.desired()
    this.change({ ...desired, restarts: { ...desired.restarts, [part]: (desired.restarts[part] ?? 0) + 1 } })
    await this.until(`${part} is healthy again`, async () => {
      const now = (await this.parts()).find(({ name }) => name === part)
      return now !== undefined && now.pid !== before.pid && now.health === 'ok'
    })
  }

  kill(part: string): void {
    signalTree(this.running(part), 'SIGKILL')
  }

  pause(part: string): void {
    signalTree(this.running(part), 'SIGSTOP')
  }

  resume(part: string): void {
    signalTree(this.running(part), 'SIGCONT')
  }

  logs({ lines, follow, signal }: { lines: number, follow: boolean, signal: AbortSignal }): AsyncIterable<LogLine> {
    return followLogs(this.folder, lines, signal, () => follow && this.liveState() !== null)
  }

  // Another make up or make down may be at work: wait until it is done.
  private async settle(signal: AbortSignal): Promise<void> {
    const settled = async () => {
      if (signal.aborted)
        throw new Refusal('stopped waiting: another make up or make down is at work')
      return !['starting', 'stopping'].includes(this.liveState()?.phase ?? '')
    }
    await this.until('another make up or make down is done', settled, START_TIMEOUT_MS)
  }

  /** What runs, if its supervisor does. */
  private liveState(): StackState | null {
    const state = this.folder.readState()
    return state && isAlive(state.supervisor) ? state : null
  }

  // A supervisor that was killed, or a reboot, leaves its state behind, and perhaps parts that nobody watches.
  private async endLeftovers(): Promise<void> {
    const stale = this.folder.readState()
    if (!stale || isAlive(stale.supervisor))
      return
    for (const part of stale.parts.toReversed()) {
      if (part.process)
        await endProcess(part.process, part.stopSignal, 15_000)
    }
    if (this.folder.readState()?.supervisor.pid === stale.supervisor.pid)
      this.folder.release()
  }

  private desired(): DesiredState {
    const desired = this.liveState() && this.folder.readDesired()
    if (!desired)
      throw new Refusal('nothing runs here: make up starts it')
    return desired
  }

  private change(desired: DesiredState): void {
    const state = this.liveState()
    if (state?.phase !== 'up')
      throw new Refusal('the stack is not up yet: see make status')
    this.folder.writeDesired(desired)
    process.kill(state.supervisor.pid, 'SIGHUP')
  }

  private running(name: string) {
    const part = this.liveState()?.parts.find(part => part.name === name)
    if (!part?.process)
      throw new Refusal(`${name} does not run: see make status`)
    return part.process
  }

  private async until(what: string, condition: () => Promise<boolean>, timeoutMs = CHANGE_TIMEOUT_MS): Promise<void> {
    const deadline = Date.now() + timeoutMs
    while (!await condition()) {
      if (Date.now() > deadline)
        throw new Refusal(`waited ${timeoutMs / 1000} s in vain until ${what}: see make status`)
      await delay(POLL_MS)
    }
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

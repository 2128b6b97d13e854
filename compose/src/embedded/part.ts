import type { SpawnOptions } from 'node:child_process'
import type { PartState } from '../data/state.ts'
import type { LogPosition } from './log-files.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { notRunning } from '../data/state.ts'
import { checkHealth } from '../machine/health.ts'
import { readable } from '../machine/log-line.ts'
import { endProcess, identify } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'
import { forkSharingPort } from './fork-sharing-port.ts'
import { endOf, lastLines } from './log-files.ts'

/** The restart delay starts at 0.25 s and doubles up to 15 s. It resets once a part has run for 30 s. */
const BACKOFF = { firstMs: 250, longestMs: 15_000, resetAfterMs: 30_000 }
const HEALTH_POLL_MS = 50
// About the length of an uncaught error's report in Node.
const LINES_SHOWN = 20

/** How to run a part once. */
export interface Command {
  file: string
  args: string[]
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>
  url: string
  /** Polled until it is healthy; only then does the part count as running. */
  health: string
}

export interface PartSpec {
  name: string
  /** Called before each start, since a part may get a new port. */
  command: () => Promise<Command>
  stopSignal: 'SIGTERM' | 'SIGINT'
  readyTimeoutMs: number
  stopTimeoutMs: number
  /** Whether a new process can listen on the port while the old one still does. Its script is the last argument. */
  sharesPort?: boolean
  /** The longest restart delay. Default: 15 s. */
  longestBackoffMs?: number
  /** In development form, the folder of the sources: the part restarts when one of them changes. */
  sources?: string
}

/** A process that is restarted whenever it dies, until `stop` is called. */
export class Part {
  readonly state: PartState
  readonly spec: PartSpec
  private readonly logFile: string
  private readonly changed: () => void
  private readonly report: (line: string) => void
  private readonly stopping = new AbortController()
  private listening: Promise<unknown> = Promise.resolve()
  private ended: Promise<string> = Promise.resolve('never started')
  private restarting: Promise<void> = Promise.resolve()
  private stopped?: Promise<void>

  /** `changed` is called after every change of `state`, and `report` with each line for the supervisor's log. */
  constructor(spec: PartSpec, logFile: string, changed: () => void, report: (line: string) => void) {
    this.spec = spec
    this.logFile = logFile
    this.changed = changed
    this.report = report
    this.state = notRunning(spec.name, spec.stopSignal)
  }

  /** Starts the process and waits until it is healthy. Otherwise throws a Refusal with its last log lines. */
  async start(): Promise<void> {
    const logStart = endOf(this.logFile)
    const failure = await this.launch()
    if (failure !== null) {
      await this.stop()
      throw new Refusal(`${this.spec.name} did not start: ${failure}`, this.linesSince(logStart))
    }
    this.restarting = this.restartLoop(null)
  }

  /** Starts the process and returns after the first attempt. If that fails, further attempts follow in the background. */
  async startInBackground(): Promise<void> {
    this.restarting = this.restartLoop(await this.launch())
  }

  /** Stops the process for good, and kills it at the deadline. Returns once the process has ended. */
  stop(): Promise<void> {
    return this.stopped ??= this.stopOnce()
  }

  private async stopOnce(): Promise<void> {
    this.stopping.abort()
    if (this.state.process && !await endProcess(this.state.process, this.spec.stopSignal, this.spec.stopTimeoutMs))
      this.report(`${this.spec.name} did not stop within ${this.spec.stopTimeoutMs / 1000} s and was killed`)
    await this.ended
    await this.restarting
    this.update({ phase: 'stopped' })
  }

  // Waits until the process ends, reports that, backs off, and starts it again.
  private async restartLoop(failure: string | null): Promise<void> {
    // Sources that do not start are broken: the next save restarts the part at once.
    let backoffMs = failure !== null && this.spec.sources !== undefined ? BACKOFF.longestMs : BACKOFF.firstMs
    let launchedAt = Date.now()
    let how = failure ?? await this.ended
    while (!this.stopping.signal.aborted) {
      if (Date.now() - launchedAt > BACKOFF.resetAfterMs)
        backoffMs = BACKOFF.firstMs
      this.update({ phase: 'waiting to restart' })
      const lines = this.state.lastDeath?.lines ?? []
      this.report([`${this.spec.name} died (${how}) and restarts in ${backoffMs / 1000} s.${lines.length > 0 ? ' Its last log lines:' : ''}`, ...lines].join('\n  | '))
      await delay(backoffMs, null, { signal: this.stopping.signal }).catch(() => {})
      if (this.stopping.signal.aborted)
        return
      backoffMs = Math.min(backoffMs * 2, this.spec.longestBackoffMs ?? BACKOFF.longestMs)
      launchedAt = Date.now()
      this.update({ restarts: this.state.restarts + 1 })
      failure = await this.launch()
      if (failure === null)
        this.report(`${this.spec.name} is running again`)
      how = failure ?? await this.ended
    }
  }

  // Starts the process. Returns null once it is healthy; otherwise ends it and returns the reason.
  private async launch(): Promise<string | null> {
    let command: Command
    try {
      command = await this.spec.command()
      if (this.stopping.signal.aborted)
        return 'stopped during the start'
      this.ended = this.run(command)
    }
    catch (error) {
      return (error as Error).message
    }
    const decided = new AbortController()
    const { readyTimeoutMs } = this.spec
    const limit = AbortSignal.any([decided.signal, this.stopping.signal, AbortSignal.timeout(readyTimeoutMs)])
    // Until it listens, a process that shares its port may not be the one that responds.
    const healthy = Promise.race([this.listening, once(limit, 'abort')]).then(() => becomesHealthy(command.health, limit)).then(health => health === 'ok' ? null : `not healthy after ${readyTimeoutMs / 1000} s (${health})`)
    const failure = await Promise.race([this.ended, healthy])
    decided.abort()
    if (failure === null)
      this.update({ phase: 'running' })
    else if (this.state.process && !this.stopping.signal.aborted)
      await endProcess(this.state.process, 'SIGKILL', this.spec.stopTimeoutMs)
    return failure
  }

  // Spawns the process. Resolves once it has ended, with the exit code or signal as text.
  private run({ file, args, options, url, health }: Command): Promise<string> {
    const logStart = endOf(this.logFile)
    const log = openSync(this.logFile, 'a', 0o600)
    // A separate process group, so that a Ctrl-C in a terminal does not reach it.
    const worker = this.spec.sharesPort ? forkSharingPort(args, options, log) : null
    const child = worker?.process ?? spawn(file, args, { ...options, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    this.listening = worker ? once(worker, 'listening').catch(() => {}) : Promise.resolve()
    this.update({ phase: 'starting', process: child.pid ? identify(child.pid) : null, startedAt: Date.now(), url, health })
    return new Promise((resolve) => {
      const end = (how: string) => {
        const lastDeath = this.stopping.signal.aborted ? this.state.lastDeath : { at: Date.now(), how, lines: this.linesSince(logStart) }
        this.update({ process: null, startedAt: null, lastDeath })
        resolve(how)
      }
      child.once('error', error => end(error.message))
      child.once('exit', (code, signal) => end(signal ? `killed by ${signal}` : `exit code ${code}`))
    })
  }

  /** Records that another process, meant to replace this one, did not start. This one keeps running. */
  replacementFailed(how: string, lines: readonly string[]): void {
    this.update({ lastDeath: { at: Date.now(), how, lines: [...lines] } })
  }

  private linesSince(logStart: LogPosition): string[] {
    return lastLines(this.logFile, LINES_SHOWN, logStart).map(line => readable(line))
  }

  private update(change: Partial<PartState>): void {
    Object.assign(this.state, change)
    this.changed()
  }
}

/** Polls the health until it is 'ok'. Returns the last health seen if the signal aborts first. */
async function becomesHealthy(url: string, limit: AbortSignal): Promise<string> {
  while (true) {
    const health = await checkHealth(url)
    if (health === 'ok' || limit.aborted)
      return health
    await delay(HEALTH_POLL_MS, null, { signal: limit }).catch(() => {})
  }
}

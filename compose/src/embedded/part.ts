import type { SpawnOptions } from 'node:child_process'
import type { PartState } from '../data/state.ts'
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { notRunning } from '../data/state.ts'
import { checkHealth } from '../machine/health.ts'
import { readable } from '../machine/log-line.ts'
import { endProcess, identify } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'
import { lastLines, sizeOf } from './log-files.ts'

/** A part that dies is started again after 0.25 s, the next time after twice as long, and so on up to 15 s. */
const BACKOFF = { firstMs: 250, longestMs: 15_000, forgottenAfterMs: 30_000 }
const HEALTH_POLL_MS = 50
// An uncaught error of Node's is about as long as this.
const LINES_OF_A_DEATH = 20

/** How to run a part once. */
export interface Command {
  file: string
  args: string[]
  options: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>
  url: string
  /** Asked until it is well: only then does the part count as running. */
  health: string
}

export interface PartSpec {
  name: string
  /** Called before each start, since a part may need another port each time. */
  command: () => Promise<Command>
  stopSignal: 'SIGTERM' | 'SIGINT'
  readyTimeoutMs: number
  stopTimeoutMs: number
}

/** One process that is kept running until it is asked to stop. */
export class Part {
  readonly state: PartState
  readonly spec: PartSpec
  private readonly logFile: string
  private readonly changed: () => void
  private readonly report: (line: string) => void
  private readonly stopping = new AbortController()
  private ended: Promise<string> = Promise.resolve('it never ran')
  private keptUp: Promise<void> = Promise.resolve()
  private stopped?: Promise<void>

  /** `changed` is called whenever `state` has changed; `report` with what a person should know. */
  constructor(spec: PartSpec, logFile: string, changed: () => void, report: (line: string) => void) {
    this.spec = spec
    this.logFile = logFile
    this.changed = changed
    this.report = report
    this.state = notRunning(spec.name, spec.stopSignal)
  }

  /** Starts it and waits until it is healthy. Throws a Refusal, with its last log lines, if it does not get there. */
  async start(): Promise<void> {
    const logStart = sizeOf(this.logFile)
    const failure = await this.launch()
    if (failure !== null) {
      await this.stop()
      throw new Refusal(`${this.spec.name} did not start: ${failure}`, this.linesSince(logStart))
    }
    this.keptUp = this.keepUp(null)
  }

  /** Starts it, and goes on trying if it does not get there. Returns after the first try. */
  async startAnyhow(): Promise<void> {
    this.keptUp = this.keepUp(await this.launch())
  }

  /** Asks it to end, kills it after its deadline, and returns when it is gone: it cannot be started again. */
  stop(): Promise<void> {
    return this.stopped ??= this.stopOnce()
  }

  private async stopOnce(): Promise<void> {
    this.stopping.abort()
    if (this.state.process && !await endProcess(this.state.process, this.spec.stopSignal, this.spec.stopTimeoutMs))
      this.report(`${this.spec.name} did not stop within ${this.spec.stopTimeoutMs / 1000} s and was killed`)
    await this.ended
    await this.keptUp
    this.update({ phase: 'stopped' })
  }

  // The life of a part in one loop: wait for its end, report it, wait a while, start it again.
  private async keepUp(failure: string | null): Promise<void> {
    let backoffMs = BACKOFF.firstMs
    let launchedAt = Date.now()
    let how = failure ?? await this.ended
    while (!this.stopping.signal.aborted) {
      if (Date.now() - launchedAt > BACKOFF.forgottenAfterMs)
        backoffMs = BACKOFF.firstMs
      this.update({ phase: 'waiting to restart' })
      const lines = this.state.lastDeath?.lines ?? []
      this.report([`${this.spec.name} died (${how}); it starts again in ${backoffMs / 1000} s; its last lines:`, ...lines].join('\n  | '))
      await delay(backoffMs, null, { signal: this.stopping.signal }).catch(() => {})
      if (this.stopping.signal.aborted)
        return
      backoffMs = Math.min(backoffMs * 2, BACKOFF.longestMs)
      launchedAt = Date.now()
      this.update({ restarts: this.state.restarts + 1 })
      failure = await this.launch()
      if (failure === null)
        this.report(`${this.spec.name} runs again`)
      how = failure ?? await this.ended
    }
  }

  // Starts the process and waits. Returns null once it is healthy, else why it is not: then it has ended as well.
  private async launch(): Promise<string | null> {
    let command: Command
    try {
      command = await this.spec.command()
      if (this.stopping.signal.aborted)
        return 'it was stopped'
      this.ended = this.run(command)
    }
    catch (error) {
      return (error as Error).message
    }
    const settled = new AbortController()
    const { readyTimeoutMs } = this.spec
    const limit = AbortSignal.any([settled.signal, this.stopping.signal, AbortSignal.timeout(readyTimeoutMs)])
    const healthy = becomesHealthy(command.health, limit).then(health => health === 'ok' ? null : `not well after ${readyTimeoutMs / 1000} s: ${health}`)
    const failure = await Promise.race([this.ended, healthy])
    settled.abort()
    if (failure === null)
      this.update({ phase: 'running' })
    else if (this.state.process && !this.stopping.signal.aborted)
      await endProcess(this.state.process, 'SIGKILL', this.spec.stopTimeoutMs)
    return failure
  }

  // Spawns the process. Resolves with how it ended, when it has.
  private run({ file, args, options, url, health }: Command): Promise<string> {
    const logStart = sizeOf(this.logFile)
    const log = openSync(this.logFile, 'a', 0o600)
    // Its own process group: a Ctrl-C in somebody's terminal is not meant for it.
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
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

  private linesSince(logStart: number): string[] {
    return lastLines(this.logFile, LINES_OF_A_DEATH, logStart).map(line => readable(line))
  }

  private update(change: Partial<PartState>): void {
    Object.assign(this.state, change)
    this.changed()
  }
}

/** Asks until the answer is 'ok'. Returns the last answer when the signal comes first. */
async function becomesHealthy(url: string, limit: AbortSignal): Promise<string> {
  while (true) {
    const health = await checkHealth(url)
    if (health === 'ok' || limit.aborted)
      return health
    await delay(HEALTH_POLL_MS, null, { signal: limit }).catch(() => {})
  }
}

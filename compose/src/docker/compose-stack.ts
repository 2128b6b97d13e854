import type { Config } from '../config.ts'
import type { Endpoints, LogLine, Outcome, PartStatus, Progress, RedeployedService, Stack } from '../stack.ts'
import type { Container } from './containers.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defaultDataDir } from '../config.ts'
import { count } from '../count.ts'
import { DataFolder } from '../data/data-folder.ts'
import { roleUrl } from '../data/logins.ts'
import { requireFreePorts } from '../machine/ports.ts'
import { endProcess, identify, isAlive } from '../machine/processes.ts'
import { waitFor, waitWithProgress } from '../machine/wait-for.ts'
import { Refusal } from '../refusal.ts'
import { NOTHING_RUNS } from '../stack.ts'
import { ComposeProject } from './compose-project.ts'
import { partStatus } from './container-status.ts'
import { containers, containersSync, isComplete, isPart, otherFolder, publishedPort } from './containers.ts'
import { docker, dockerSync } from './docker.ts'
import { checkEngine } from './engine.ts'
import { removeEnvFile, writeEnvFile } from './env-file.ts'
import { replaceContainers } from './redeploy.ts'

/** The first build on a machine downloads every base image and dependency. */
const BUILD_TIMEOUT_MS = 20 * 60_000
const START_TIMEOUT_MS = 180_000
/** Longer than the sum of the grace periods in compose.yaml. */
const STOP_TIMEOUT_MS = 150_000
const CHANGE_TIMEOUT_MS = 90_000
const POLL_MS = 100

/** The system in containers: compose.yaml on a Docker engine, which restarts what dies. The engine alone knows what is running. */
export class ComposeStack implements Stack {
  private readonly config: Config
  private readonly folder: DataFolder
  private readonly project: ComposeProject

  constructor(config: Config) {
    this.config = config
    this.folder = new DataFolder(config.dataDir)
    this.project = new ComposeProject(config)
  }

  async start(progress: Progress, signal: AbortSignal): Promise<Outcome> {
    if (this.config.consoleChaos)
      throw new Refusal('CONSOLE_CHAOS=1 works only on plain processes, because nothing may reach into containers: `make up MODE=embedded CONSOLE_CHAOS=1`.')
    const { problem, remedy, cpus } = checkEngine(this.config.dockerEnv)
    if (problem !== null)
      throw new Refusal(`${problem}. ${remedy} Without Docker: \`make up MODE=embedded\`.`)
    this.folder.create()
    await this.claimStart(progress, signal)
    let before: Container[] = []
    try {
      await this.requireOwnProject()
      before = (await this.containers()).filter(isPart)
      const { config, taken } = this.asRequested(before)
      await requireFreePorts(taken)
      const project = new ComposeProject(config, this.project.name)
      for (const { Id, State } of before) {
        if (State.Status === 'paused')
          await docker(['unpause', Id], { env: config.dockerEnv, timeoutMs: CHANGE_TIMEOUT_MS })
      }
      await project.build(progress, { timeoutMs: BUILD_TIMEOUT_MS, signal })
      await project.up(cpus, progress, { timeoutMs: START_TIMEOUT_MS, signal })
      this.folder.remember({ mode: 'compose', project: this.project.name, ...(config.autoPorts && { ports: config.ports }) })
      if (config.dataDir === defaultDataDir)
        writeEnvFile(project.name, project.images, config.ports)
      const after = (await this.containers()).filter(isPart)
      const isSame = after.length === before.length && after.every(({ Id, State }) => before.some(one => one.Id === Id && one.State.StartedAt === State.StartedAt))
      return isSame ? 'already up' : before.length === 0 ? 'started' : 'updated'
    }
    catch (error) {
      // A system that ran before stays as it is: parts of it may still serve.
      if (before.length === 0)
        await this.undo()
      throw signal.aborted ? new Refusal(before.length === 0 ? 'Stopped. Nothing is left running.' : 'Stopped. What was running before is left running: see `make status`.') : error
    }
    finally {
      this.folder.releaseStart()
    }
  }

  async stop(): Promise<boolean> {
    await this.endStarter()
    if (this.found().length === 0)
      return false
    await this.project.run(['down', '--remove-orphans'], { timeoutMs: STOP_TIMEOUT_MS })
    return true
  }

  async reset(): Promise<void> {
    await this.endStarter()
    if (this.project.isExclusive || this.folder.readMemory()?.mode === 'compose' || this.found().length > 0) {
      await this.requireOwnProject()
      await this.project.remove(STOP_TIMEOUT_MS)
    }
    if (this.config.dataDir === defaultDataDir)
      removeEnvFile()
    this.folder.remove()
  }

  exists(): boolean {
    return this.starter() !== null || (containersSync(this.project.name, this.config.dockerEnv) ?? []).length > 0
  }

  async parts(): Promise<PartStatus[]> {
    const found = (await this.containers()).filter(isPart)
    return Promise.all(found.map(container => partStatus(container, this.config.dockerEnv)))
  }

  endpoints(): Endpoints {
    const found = this.found()
    const port = (service: string) => {
      const published = publishedPort(found, service)
      if (published === null)
        throw new Refusal(NOTHING_RUNS)
      return published
    }
    // The passwords of the logins are in volumes. From this machine the superuser needs none, and takes their roles.
    return {
      ui: `http://localhost:${port('ui')}`,
      api: `http://localhost:${port('proxy')}`,
      databaseUrl: roleUrl(port('postgres'), 'payments_reader'),
      ownerUrl: roleUrl(port('postgres'), 'payments_owner'),
      postgresPort: port('postgres'),
    }
  }

  async scale(workers: number): Promise<void> {
    if (!isComplete(await this.containers()))
      throw new Refusal(NOTHING_RUNS)
    await this.project.run(['up', '--detach', '--no-deps', '--no-build', '--no-recreate', '--wait', '--scale', `worker=${workers}`, 'worker'], { timeoutMs: CHANGE_TIMEOUT_MS })
    await this.waitFor(count(workers, 'healthy worker'), async () => {
      const running = (await this.parts()).filter(part => part.name.startsWith('worker-'))
      return running.length === workers && running.every(part => part.health === 'ok')
    })
  }

  async restart(part: string): Promise<void> {
    const { Id, State } = this.running(part)
    await docker(['restart', Id], { env: this.config.dockerEnv, timeoutMs: CHANGE_TIMEOUT_MS })
    await this.waitFor(`${part} to become healthy again`, async () => {
      const now = (await this.containers()).find(container => container.Id === Id)
      return now?.State.StartedAt !== State.StartedAt && now?.State.Health?.Status === 'healthy'
    })
  }

  async redeploy(service: RedeployedService, progress: Progress): Promise<void> {
    const found = await this.containers()
    if (!isComplete(found))
      throw new Refusal(NOTHING_RUNS)
    const project = new ComposeProject(this.asRequested(found).config)
    await project.build(progress, { timeoutMs: BUILD_TIMEOUT_MS }, service)
    await replaceContainers(service, {
      project,
      list: () => this.containers(),
      env: this.config.dockerEnv,
      timeoutMs: CHANGE_TIMEOUT_MS,
      waitFor: (what, condition) => this.waitFor(what, condition),
    }, progress)
  }

  async collectGarbage(part: string): Promise<void> {
    const program = readFileSync(join(import.meta.dirname, '../machine/collect-garbage.ts'), 'utf8') // the image does not contain this file
    await docker(['exec', this.running(part).Id, 'node', '--input-type=module-typescript', '--eval', program], { env: this.config.dockerEnv, timeoutMs: CHANGE_TIMEOUT_MS })
  }

  // Kills every process but the init from inside the container, which also works on a remote engine. Docker does not
  // restart a container after `docker kill`, which counts as a deliberate stop.
  kill(part: string): void {
    dockerSync(['exec', this.running(part).Id, 'bash', '-c', 'kill -9 -1'], this.config.dockerEnv)
  }

  pause(part: string): void {
    dockerSync(['pause', this.running(part).Id], this.config.dockerEnv)
  }

  resume(part: string): void {
    dockerSync(['unpause', this.running(part).Id], this.config.dockerEnv)
  }

  logs(options: { lines: number, follow: boolean, signal: AbortSignal }): AsyncIterable<LogLine> {
    return this.project.logs(options)
  }

  private async containers(): Promise<Container[]> {
    try {
      return await containers(this.project.name, this.config.dockerEnv)
    }
    catch (error) {
      throw checkEngine(this.config.dockerEnv).problem === null ? error : this.unreachable()
    }
  }

  /** Like `containers`, synchronously. */
  private found(): Container[] {
    const found = containersSync(this.project.name, this.config.dockerEnv)
    if (found === null)
      throw this.unreachable()
    return found
  }

  /** Throws a Refusal if another clone's containers use this project's name: its data would be changed under them. */
  private async requireOwnProject(): Promise<void> {
    const other = await otherFolder(this.project.name, this.config.dockerEnv)
    if (other)
      throw new Refusal(`The Compose project ${this.project.name}, which has this clone's data, is in use by ${other}. Run \`make down\` there first.`)
  }

  /** Says that no engine responds, and what is there. */
  private unreachable(): Refusal {
    const { problem, remedy } = checkEngine(this.config.dockerEnv)
    return new Refusal(`${problem ?? 'The Docker engine did not respond'}. This system's containers and data (Compose project ${this.project.name}) are out of reach until it does. ${remedy}`)
  }

  /** The size and ports of this start: those that the caller named, else those of the running system, else the defaults. */
  private asRequested(found: Container[]): { config: Config, taken: Partial<Config['ports']> } {
    const { config } = this
    const { named } = config
    const replicas = (service: string) => found.filter(container => container.service === service).length
    const now = { postgres: publishedPort(found, 'postgres'), api: publishedPort(found, 'proxy'), ui: publishedPort(found, 'ui') }
    const ports = {
      postgres: named.has('PGPORT') ? config.ports.postgres : now.postgres ?? config.ports.postgres,
      api: named.has('API_PORT') ? config.ports.api : now.api ?? config.ports.api,
      ui: named.has('UI_PORT') ? config.ports.ui : now.ui ?? config.ports.ui,
    }
    return {
      config: { ...config, ports, workers: config.workers ?? (replicas('worker') || 1), apis: named.has('APIS') ? config.apis : replicas('api') || config.apis },
      taken: Object.fromEntries(Object.entries(ports).filter(([part, port]) => port !== now[part as keyof typeof now])),
    }
  }

  /** Rebuilds images of a stack in development form after changes to what only they contain, until the signal aborts. Yields what it does. */
  watch(signal: AbortSignal): AsyncIterable<LogLine> {
    return this.project.watch(signal)
  }

  private running(name: string): Container {
    const found = this.found().find(container => container.name === name)
    if (!found || found.State.Pid === 0)
      throw new Refusal(`${name} is not running. See \`make status\`.`)
    return found
  }

  /** The `make up` process that is starting containers now, if any. */
  private starter() {
    const starter = this.folder.readStarter()
    return starter && isAlive(starter) ? starter : null
  }

  /** Claims the start for this process. Waits while another `make up` has the claim. */
  private async claimStart(progress: Progress, signal: AbortSignal): Promise<void> {
    await waitWithProgress(progress, 'another `make up` to finish', async () => {
      if (signal.aborted)
        throw new Refusal('Stopped while waiting for another `make up` to finish.')
      if (this.starter() !== null)
        return false
      this.folder.releaseStart() // left by a make up that was killed
      return this.folder.claimStart(identify(process.pid)!)
    }, { timeoutMs: BUILD_TIMEOUT_MS, pollMs: POLL_MS })
  }

  /** Ends another `make up`, which on SIGTERM stops what it has started. */
  private async endStarter(): Promise<void> {
    const starter = this.starter()
    if (starter)
      await endProcess(starter, 'SIGTERM', STOP_TIMEOUT_MS)
  }

  /** Stops what a failed start has started. If that fails too, logs it, so that the caller throws the original error. */
  private async undo(): Promise<void> {
    await this.project.run(['down', '--remove-orphans'], { timeoutMs: STOP_TIMEOUT_MS })
      .catch((error: Error) => console.error(`Could not stop the parts that had started. Run \`make down\`. The error: ${error.message}`))
  }

  private waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
    return waitFor(what, condition, { timeoutMs: CHANGE_TIMEOUT_MS, pollMs: POLL_MS })
  }
}

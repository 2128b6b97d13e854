import type { Config } from '../config.ts'
import type { LogLine, Progress } from '../stack.ts'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { repoRoot } from '../config.ts'
import { Refusal } from '../refusal.ts'
import { containers, lastLinesOf, partName } from './containers.ts'
import { docker, lines, QUICK_TIMEOUT_MS, spawnDocker } from './docker.ts'

const folder = join(repoRoot, 'compose')
const LINES_SHOWN = 20

interface Limits { timeoutMs: number, signal?: AbortSignal }

/** compose.yaml as one Compose project per data folder. Docker finds everything in it by the project's name. */
export class ComposeProject {
  readonly name: string
  private readonly config: Config
  private readonly images: string

  constructor(config: Config, name = `payments-${createHash('sha256').update(config.dataDir).digest('hex').slice(0, 8)}`) {
    this.config = config
    this.name = name
    this.images = config.images ?? this.name
  }

  /** Runs `docker compose` with these arguments. */
  run(args: string[], { timeoutMs, signal }: Limits, more: { onLine?: (line: string) => void, env?: NodeJS.ProcessEnv } = {}): Promise<string> {
    const env = { ...this.env(), ...more.env }
    return docker(['compose', '--progress', 'plain', '--project-name', this.name, ...args], { cwd: folder, env, timeoutMs, signal, onLine: more.onLine })
  }

  /** Builds the images that are not up to date. */
  async build(progress: Progress, limits: Limits): Promise<void> {
    const begin = Date.now()
    progress({ name: 'images', tookMs: null })
    await this.run(['build'], limits)
    progress({ name: 'images', tookMs: Date.now() - begin })
  }

  /** compose.yaml merged with these overlays, as JSON. */
  merged(overlays: string[], cpus: number): Promise<string> {
    const files = ['compose.yaml', ...overlays].flatMap(file => ['--file', file])
    return this.run([...files, 'config', '--format', 'json'], { timeoutMs: QUICK_TIMEOUT_MS }, { env: fewerCpus(cpus) })
  }

  /** Starts everything in order and returns once it is healthy. Throws a Refusal with the last log lines of the part that failed. */
  async up(cpus: number, progress: Progress, limits: Limits): Promise<void> {
    try {
      await this.run(['up', '--detach', '--no-build', '--wait', '--remove-orphans'], limits, { env: fewerCpus(cpus), onLine: reportProgress(this.name, progress) })
    }
    catch (error) {
      throw await this.findFailure() ?? error
    }
  }

  /** Stops everything and removes the data and the images. The engine keeps its build cache. */
  async remove(timeoutMs: number): Promise<void> {
    await this.run(['down', '--volumes', '--remove-orphans'], { timeoutMs })
    const env = this.env()
    const images = lines(await docker(['image', 'ls', '--quiet', `${this.images}/*`], { env, timeoutMs: QUICK_TIMEOUT_MS }))
    if (images.length > 0)
      await docker(['image', 'rm', '--force', ...new Set(images)], { env, timeoutMs })
  }

  /** Yields the last lines of each container. With `follow`, then yields new lines until all have stopped or the signal aborts. */
  async* logs({ lines, follow, signal }: { lines: number, follow: boolean, signal: AbortSignal }): AsyncGenerator<LogLine> {
    const args = ['compose', '--project-name', this.name, 'logs', '--no-color', '--tail', String(lines), ...(follow ? ['--follow'] : [])]
    const child = spawnDocker(args, { cwd: folder, env: this.env(), signal })
    child.on('error', () => {}) // if docker does not start, there are no lines
    child.stderr.resume()
    for await (const line of createInterface(child.stdout)) {
      const [, service, number, text] = /^(\w+)-(\d+) +\| ?(.*)$/.exec(line) ?? []
      if (service !== undefined)
        yield { part: partName(service, number!), text: text! }
    }
  }

  // The variables that compose.yaml and .env use, on top of the caller's environment, which Docker's programs read.
  private env(): NodeJS.ProcessEnv {
    const { dockerEnv, ports, workers, apis, logLevel, dataDir } = this.config
    return {
      ...dockerEnv,
      IMAGES: this.images,
      PGPORT: String(ports.postgres),
      API_PORT: String(ports.api),
      UI_PORT: String(ports.ui),
      WORKERS: String(workers ?? 1),
      APIS: String(apis),
      LOG_LEVEL: logLevel,
      SECRETS_DIR: join(dataDir, 'secrets'),
    }
  }

  private async findFailure(): Promise<Refusal | null> {
    const env = this.env()
    const failed = (await containers(this.name, env)).find(({ RestartCount, State: { Status, ExitCode, Health } }) =>
      RestartCount > 0 || (Status === 'exited' && ExitCode !== 0) || Health?.Status === 'unhealthy')
    if (!failed)
      return null
    const { Status, ExitCode } = failed.State
    const how = Status === 'running' ? 'not healthy' : `exit code ${ExitCode}`
    return new Refusal(`${failed.name} did not start: ${how}`, await lastLinesOf(failed, LINES_SHOWN, env))
  }
}

/** An engine refuses to give a container more cores than the machine has. */
function fewerCpus(cpus: number): NodeJS.ProcessEnv {
  return cpus < 2 ? { POSTGRES_CPUS: String(cpus) } : {}
}

/** Parses lines like `Container payments-1a2b3c4d-api-1  Healthy` into one step per container, from its start until it is healthy or has exited. */
function reportProgress(project: string, progress: Progress): (line: string) => void {
  const startedAt = new Map<string, number>()
  const done = new Set<string>()
  return (line) => {
    const [, service, number, event] = new RegExp(`Container ${project}-(\\w+)-(\\d+) +(\\w+)`).exec(line) ?? []
    if (service === undefined)
      return
    const name = partName(service, number!)
    if (event === 'Starting') {
      startedAt.set(name, Date.now())
      progress({ name, tookMs: null })
    }
    else if (['Healthy', 'Exited'].includes(event!) && startedAt.has(name) && !done.has(name)) {
      done.add(name)
      progress({ name, tookMs: Date.now() - startedAt.get(name)! })
    }
  }
}

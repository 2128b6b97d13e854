import type { Config } from '../config.ts'
import type { LogLine, Progress } from '../stack.ts'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { defaultDataDir, repoRoot } from '../config.ts'
import { APIS, WORKERS } from '../connection-budget.ts'
import { DataFolder } from '../data/data-folder.ts'
import { debugPort } from '../debug-ports.ts'
import { Refusal } from '../refusal.ts'
import { runStep } from '../stack.ts'
import { containers, containersSync, isDev, lastLinesOf, otherFolder, partName } from './containers.ts'
import { docker, lines, QUICK_TIMEOUT_MS, spawnDocker } from './docker.ts'

const folder = join(repoRoot, 'compose')
const DEV_FILE = 'compose.dev.yaml'
const CHAOS_FILE = 'compose.chaos.yaml'
/** The project of the default data folder: compose.yaml names it too, so that `docker compose` by hand runs the same stack. */
const DEFAULT_PROJECT = 'payments'
/** The services to start; they bring the ones that run once, except for `ready`, which is for people who start by hand. */
const STARTED = ['postgres', 'api', 'proxy', 'worker', 'ui']
const LINES_SHOWN = 20

interface Limits { timeoutMs: number, signal?: AbortSignal }

/** A project of this data folder alone. */
function ownProject(dataDir: string): string {
  return `${DEFAULT_PROJECT}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`
}

/** The Compose project of the data folder: the one that it has used, else the default one for the default folder. */
function projectOf({ dataDir }: Config): string {
  return new DataFolder(dataDir).readMemory()?.project ?? (dataDir === defaultDataDir ? DEFAULT_PROJECT : ownProject(dataDir))
}

/**
 * Chooses the project before the first start in the default data folder: `payments`, unless another clone's containers
 * have that name, or this clone runs next to others (PORTS=auto). Prints any choice that may surprise.
 */
export async function chooseProject(config: Config, say: (line: string) => void): Promise<void> {
  const { dataDir, dockerEnv, autoPorts } = config
  const data = new DataFolder(dataDir)
  if (dataDir !== defaultDataDir || data.readMemory()?.project)
    return
  const own = ownProject(dataDir)
  const volumes = await dataVolumes(dockerEnv)
  const swarm = volumes.get(`${DEFAULT_PROJECT}_postgres`)
  const other = await otherFolder(DEFAULT_PROJECT, dockerEnv) ?? (swarm && `the swarm stack ${swarm}`)
  if (other || autoPorts || volumes.has(`${own}_postgres`)) {
    data.create()
    data.remember({ mode: 'compose', project: own })
    if (other)
      say(`The Compose project ${DEFAULT_PROJECT} belongs to ${other}, so this clone uses ${own}.`)
  }
  else if (volumes.has(`${DEFAULT_PROJECT}_postgres`) && (await containers(DEFAULT_PROJECT, dockerEnv)).length === 0) {
    say(`Using the data that the Compose project ${DEFAULT_PROJECT} has already (volume ${DEFAULT_PROJECT}_postgres).`)
  }
}

/** The volumes of databases, each with the swarm stack that made it, which is empty for Compose. */
async function dataVolumes(env: NodeJS.ProcessEnv): Promise<Map<string, string>> {
  const found = await docker(['volume', 'ls', '--filter', 'name=_postgres', '--format', '{{.Name}} {{.Label "com.docker.stack.namespace"}}'], { env, timeoutMs: QUICK_TIMEOUT_MS })
  return new Map(lines(found).map(line => line.split(' ') as [string, string]))
}

/** The volume with data that this clone may have left by a plain `docker compose up`: it does not show which clone it is of. */
export async function unclaimedVolume({ dataDir, dockerEnv }: Config): Promise<string | undefined> {
  const name = `${DEFAULT_PROJECT}_postgres`
  return dataDir === defaultDataDir && (await dataVolumes(dockerEnv)).has(name) ? name : undefined
}

/** compose.yaml as a Compose project. Docker finds everything in it by the project's name. */
export class ComposeProject {
  readonly name: string
  private readonly config: Config
  /** What the images' names begin with. */
  readonly images: string

  constructor(config: Config, name = projectOf(config)) {
    this.config = config
    this.name = name
    this.images = config.images ?? this.name
  }

  /** Whether no other data folder can use this project. */
  get isExclusive(): boolean {
    return this.name !== DEFAULT_PROJECT
  }

  /** Runs `docker compose` with these arguments. */
  run(args: string[], { timeoutMs, signal }: Limits, more: { onLine?: (line: string) => void, onStdoutLine?: (line: string) => void, env?: NodeJS.ProcessEnv } = {}): Promise<string> {
    const env = { ...this.env(), ...more.env }
    return docker(['compose', '--progress', 'plain', '--project-name', this.name, ...this.files(), ...args], { cwd: folder, env, timeoutMs, signal, onLine: more.onLine, onStdoutLine: more.onStdoutLine })
  }

  /**
   * Rebuilds what only the images of a stack in development form contain after each change, until the signal aborts. Yields
   * what it does.
   */
  async* watch(signal: AbortSignal): AsyncGenerator<LogLine> {
    const child = spawnDocker(['compose', '--progress', 'plain', '--project-name', this.name, ...this.files(), 'watch', '--no-up', '--quiet'], { cwd: folder, env: this.env(), signal })
    child.on('error', () => {})
    const problems = new PassThrough() // Compose writes what it does to stdout, and why it failed to stderr
    child.stderr.pipe(problems)
    child.stdout.pipe(problems, { end: false })
    for await (const text of createInterface(problems)) {
      if (text !== '')
        yield { part: 'watch', text }
    }
  }

  // compose.yaml, with the overlay of the development form if this is, or runs as, a stack in development form, or with chaos's.
  private files(): string[] {
    const dev = this.config.dev || (containersSync(this.name, this.config.dockerEnv) ?? []).some(isDev)
    return ['compose.yaml', ...(dev ? [DEV_FILE] : []), ...(this.config.wireControlPort === undefined ? [] : [CHAOS_FILE])].flatMap(file => ['--file', file])
  }

  /** Builds the images that are out of date: all of them, or only those of these services. */
  async build(progress: Progress, limits: Limits, ...services: string[]): Promise<void> {
    const onLine = (line: string) => {
      const step = buildStep(line)
      if (step !== null)
        progress({ name: 'images', tookMs: null, detail: step })
    }
    await runStep(progress, 'images', () => this.run(['build', ...services], limits, { onLine, onStdoutLine: onLine }), 'building; the first time takes minutes')
  }

  /** compose.yaml merged with these overlays, as JSON. */
  merged(overlays: string[], cpus: number): Promise<string> {
    const files = overlays.flatMap(file => ['--file', file])
    return this.run([...files, 'config', '--format', 'json'], { timeoutMs: QUICK_TIMEOUT_MS }, { env: fewerCpus(cpus) })
  }

  /** Starts everything in order and returns once it is healthy. Throws a Refusal with the last log lines of the part that failed. */
  async up(cpus: number, progress: Progress, limits: Limits): Promise<void> {
    try {
      await this.run(['up', '--detach', '--no-build', '--wait', '--remove-orphans', ...STARTED], limits, { env: fewerCpus(cpus), onLine: reportProgress(this.name, progress) })
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
    let names = new Map<string, string>()
    for await (const line of createInterface(child.stdout)) {
      const [, service, number, text] = /^(\w+)-(\d+) +\| ?(.*)$/.exec(line) ?? []
      if (service === undefined)
        continue
      const container = `${service}-${number}`
      if (!names.has(container))
        names = new Map((containersSync(this.name, this.config.dockerEnv) ?? []).map(found => [`${found.service}-${found.number}`, found.name]))
      yield { part: names.get(container) ?? partName(service, number!), text: text! }
    }
  }

  // The variables that compose.yaml and .env use, on top of the caller's environment, which Docker's programs read.
  private env(): NodeJS.ProcessEnv {
    const { dockerEnv, ports, workers, apis, logLevel, dataDir, debugPort: first, wireControlPort } = this.config
    const range = (service: string, most: number) => `${debugPort(first, `${service}-1`)}-${debugPort(first, `${service}-${most}`)}`
    return {
      ...dockerEnv,
      IMAGES: this.images,
      PGPORT: String(ports.postgres),
      API_PORT: String(ports.api),
      UI_PORT: String(ports.ui),
      WORKERS: String(workers ?? 1),
      APIS: String(apis),
      LOG_LEVEL: logLevel,
      SECRETS_DIR: join(dataDir, 'secrets'), // for a swarm
      ...(wireControlPort !== undefined && { WIRE_PORT: String(wireControlPort) }),
      DEBUG_API_PORTS: range('api', APIS.max),
      DEBUG_UI_PORT: String(debugPort(first, 'ui')),
      DEBUG_WORKER_PORTS: range('worker', WORKERS.max),
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

/** Parses lines like `#12 [ui build 3/7] RUN npm ci` to the step that Docker is at. Null for other lines. */
function buildStep(line: string): string | null {
  return /^#\d+ (\[(?!.*\binternal\]).+)$/.exec(line)?.[1] ?? null
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

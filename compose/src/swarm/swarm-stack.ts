import type { Config } from '../config.ts'
import type { Progress } from '../stack.ts'
import type { StackFile } from './stack-file.ts'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DataFolder } from '../data/data-folder.ts'
import { ComposeProject } from '../docker/compose-project.ts'
import { docker, lines } from '../docker/docker.ts'
import { checkEngine } from '../docker/engine.ts'
import { requireFreePorts } from '../machine/ports.ts'
import { Refusal } from '../refusal.ts'
import { runStep } from '../stack.ts'
import { nameByContent } from './image-names.ts'
import { writeSecrets } from './secrets.ts'
import { stackFile } from './stack-file.ts'
import { Swarm } from './swarm-node.ts'
import { findUnhealthy } from './tasks.ts'

/** The first build on a machine downloads every base image and dependency. */
const BUILD_TIMEOUT_MS = 20 * 60_000
const PUSH_TIMEOUT_MS = 10 * 60_000
/** Tasks are replaced one at a time: 20 of them at 10 s each; one that fails takes 30 s, and its rollback another 30 s. */
const DEPLOY_TIMEOUT_MS = 8 * 60_000
const DATABASE_TIMEOUT_MS = 4 * 60_000
/** Longer than the longest grace period in compose.yaml. */
const REMOVE_TIMEOUT_MS = 120_000

/** Deployed before all other services: the database, its logins and its newest schema. */
const DATABASE = ['postgres', 'logins', 'migrate']
/** What `up` writes of the deployed database. Its volume keeps its name from then on: another one would be empty. */
const deployed = z.object({ volumes: z.object({ postgres: z.object({ name: z.string() }) }) })

export interface Size { apis: number, workers: number, ports: { api: number, ui: number } }

const inspected = z.array(z.object({
  Spec: z.object({
    Name: z.string(),
    Mode: z.object({ Replicated: z.object({ Replicas: z.int() }).optional() }),
    EndpointSpec: z.object({ Ports: z.array(z.object({ PublishedPort: z.int() })).optional() }).optional(),
  }),
}))

/** The system as a Docker Swarm stack: compose.yaml overlaid with swarm/swarm.yaml. The swarm alone knows what is running. */
export class SwarmStack {
  private readonly config: Config
  private readonly name: string
  private readonly folder: DataFolder
  private readonly swarm: Swarm
  private readonly label: string

  constructor(config: Config) {
    this.config = config
    this.name = config.stack
    // Separate from the files of `make up`, which `make reset` removes: these passwords belong to the swarm's database.
    this.folder = new DataFolder(join(config.dataDir, 'swarm'))
    this.swarm = new Swarm(config.dockerEnv)
    this.label = `label=com.docker.stack.namespace=${this.name}`
  }

  /**
   * Deploys this tree, or updates a running stack to it, and returns once everything is healthy. Replicas and ports that are
   * not set stay as they are. Throws a Refusal if a service does not become healthy; its previous version keeps running.
   */
  async up(print: (line: string) => void, progress: Progress, signal: AbortSignal): Promise<Size> {
    const inSwarm = await this.swarm.exists()
    const now = inSwarm ? await this.running() : {}
    const size = this.desiredSize(now)
    await requireFreePorts({
      ...now.proxy?.port !== size.ports.api && { api: size.ports.api },
      ...now.ui?.port !== size.ports.ui && { ui: size.ports.ui },
    }, 'make swarm-up')

    this.folder.create()
    writeSecrets(this.folder.secrets, this.folder.passwords())
    const project = new ComposeProject({ ...this.config, dataDir: this.folder.path, apis: size.apis, workers: size.workers, ports: { ...this.config.ports, ...size.ports } }, this.project)
    await project.build(progress, { timeoutMs: BUILD_TIMEOUT_MS, signal })
    const file = stackFile(await project.merged(['swarm/swarm.yaml'], checkEngine(this.config.dockerEnv).cpus))
    file.volumes.postgres = { name: this.volume }

    if (!inSwarm) {
      await this.swarm.make()
      print('This engine was not in a swarm. Created a swarm of this machine alone, which no other machine can join. `make swarm-down` removes it.')
    }
    const nodes = await this.swarm.prepareNodes()
    await nameByContent(this.swarm, file)
    await this.pushImages(file, nodes, progress, signal)
    // The schema first, since each migration is safe while the old code still runs.
    const part = (which: (name: string) => boolean) => ({ ...file, services: Object.fromEntries(Object.entries(file.services).filter(([name]) => which(name))) })
    await this.deploy('database', part(name => DATABASE.includes(name)), DATABASE_TIMEOUT_MS, progress, signal)
    await this.deploy('services', part(name => !DATABASE.includes(name)), DEPLOY_TIMEOUT_MS, progress, signal)
    return size
  }

  /** Removes the stack but keeps the volume with the data. Also ends a swarm that `up` created. */
  async down(): Promise<{ ran: boolean, left: boolean }> {
    if (!await this.swarm.exists())
      return { ran: false, left: false }
    const ran = await this.swarm.run(['service', 'ls', '--quiet', '--filter', this.label]) !== ''
    if (ran)
      await this.swarm.run(['stack', 'rm', this.name], REMOVE_TIMEOUT_MS)
    await this.swarm.untilNone(['container', 'ls', '--filter', this.label, '--format', '{{.Names}}'], REMOVE_TIMEOUT_MS)
    // Some engines keep the containers of finished tasks.
    const ended = lines(await this.swarm.run(['container', 'ls', '--all', '--quiet', '--filter', this.label]))
    if (ended.length > 0)
      await this.swarm.run(['container', 'rm', '--force', '--volumes', ...ended], REMOVE_TIMEOUT_MS)
    await this.swarm.untilNone(['network', 'ls', '--filter', this.label, '--format', '{{.Name}}'], REMOVE_TIMEOUT_MS)
    return { ran, left: await this.swarm.leaveIfMade() }
  }

  /** The volume that holds the data, on the node of Postgres. */
  get volume(): string {
    const file = join(this.folder.path, 'database.json')
    return existsSync(file) ? deployed.parse(JSON.parse(readFileSync(file, 'utf8'))).volumes.postgres.name : `${this.project}_postgres`
  }

  /** Names the volume, the networks and the images. Not the stack's name, which a Compose project has too: they would share the data. */
  private get project(): string {
    return `${this.name}-swarm`
  }

  private desiredSize(now: Awaited<ReturnType<SwarmStack['running']>>): Size {
    const { config } = this
    const isSet = (variable: string) => config.named.has(variable)
    return {
      apis: isSet('APIS') ? config.apis : now.api?.replicas ?? config.apis,
      workers: config.workers ?? now.worker?.replicas ?? 1,
      ports: {
        api: isSet('API_PORT') ? config.ports.api : now.proxy?.port ?? config.ports.api,
        ui: isSet('UI_PORT') ? config.ports.ui : now.ui?.port ?? config.ports.ui,
      },
    }
  }

  private async running(): Promise<Record<string, { replicas?: number, port?: number } | undefined>> {
    const ids = lines(await this.swarm.run(['service', 'ls', '--quiet', '--filter', this.label]))
    const services = ids.length === 0 ? [] : inspected.parse(JSON.parse(await this.swarm.run(['service', 'inspect', ...ids])))
    return Object.fromEntries(services.map(({ Spec: { Name, Mode, EndpointSpec } }) => [
      Name.slice(this.name.length + 1),
      { replicas: Mode.Replicated?.Replicas, port: EndpointSpec?.Ports?.[0]?.PublishedPort },
    ]))
  }

  /** Pushes the images to the registry in their name, if it has one, for all nodes to pull. */
  private async pushImages({ services }: StackFile, nodes: number, progress: Progress, signal: AbortSignal): Promise<void> {
    const images = new Set(Object.values(services).map(({ image }) => image))
    const [host] = [...images][0]!.split('/')
    if (host === 'localhost' || /[.:]/.test(host!)) {
      await runStep(progress, 'push', async () => {
        for (const image of images)
          await docker(['image', 'push', '--quiet', image], { env: this.config.dockerEnv, timeoutMs: PUSH_TIMEOUT_MS, signal })
      }, `to ${host}`)
    }
    else if (nodes > 1) {
      throw new Refusal(`This swarm has ${nodes} nodes, which all need to pull the images from a registry. Name one: \`IMAGES=registry.example.com/payments make swarm-up\`.`)
    }
  }

  private deploy(step: string, file: StackFile, timeoutMs: number, progress: Progress, signal: AbortSignal): Promise<void> {
    return runStep(progress, step, () => this.deployUntilHealthy(step, file, timeoutMs, signal), 'deploying, until healthy')
  }

  private async deployUntilHealthy(step: string, file: StackFile, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const path = join(this.folder.path, `${step}.json`)
    writeFileSync(path, JSON.stringify(file, null, 2))
    // Waits until every service is healthy or rolled back, and exits with 0 for both.
    const failure = await docker(['stack', 'deploy', '--with-registry-auth', '--resolve-image', 'never', '--detach=false', '--quiet', '--compose-file', path, this.name], { env: this.config.dockerEnv, timeoutMs, signal })
      .then(() => null, (error: Error) => error)
    if (signal.aborted)
      throw new Refusal(`Stopped waiting. The swarm continues to deploy: \`docker stack ps ${this.name}\` shows it, \`make swarm-down\` stops it.`)
    const problem = await findUnhealthy(this.swarm, Object.keys(file.services).map(service => `${this.name}_${service}`)).catch((error: Error) => failure ?? error)
    if (problem ?? failure)
      throw problem ?? failure
  }
}

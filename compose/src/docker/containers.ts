import { join } from 'node:path'
import { z } from 'zod'
import { repoRoot } from '../config.ts'
import { readable } from '../machine/log-line.ts'
import { docker, dockerSync, lines, QUICK_TIMEOUT_MS } from './docker.ts'

/** The services that keep running, in the order they start. The others run once. */
const SERVICES = ['postgres', 'api', 'proxy', 'worker', 'ui'] as const

/** Where Node's debugger listens in a container in development form. */
const DEBUGGER = '9229/tcp'

const inspected = z.array(z.object({
  Id: z.string(),
  Created: z.string(),
  RestartCount: z.int(),
  State: z.object({
    Status: z.string(),
    Pid: z.int(),
    ExitCode: z.int(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z.object({ Status: z.string() }).optional(),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()) }),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ IPAddress: z.string() })),
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()),
  }),
}).transform((found) => {
  const { 'com.docker.compose.service': service = '', 'com.docker.compose.container-number': number = '' } = found.Config.Labels
  return { ...found, service, number: Number(number), name: service }
}))

/** A container as `docker inspect` describes it, with its service and the name of its part. */
export type Container = z.infer<typeof inspected>[number]

/** `api`, `api-2`, `worker-1`: the first replica has no number, except for workers. */
export function partName(service: string, number: string): string {
  return number === '1' && service !== 'worker' ? service : `${service}-${number}`
}

const FOLDER_LABEL = 'com.docker.compose.project.working_dir'
/** The folders of this clone that have a compose.yaml: `docker compose up` in either runs the same stack. */
const OUR_FOLDERS = [repoRoot, join(repoRoot, 'compose')]

const idsOf = (project: string) => ['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=com.docker.compose.project=${project}`]

/** All containers of this clone in the project, including those that run once, ordered by SERVICES, then by number. */
export async function containers(project: string, env: NodeJS.ProcessEnv): Promise<Container[]> {
  const run = (args: string[]) => docker(args, { env, timeoutMs: QUICK_TIMEOUT_MS })
  const ids = lines(await run(idsOf(project)))
  return ids.length === 0 ? [] : inOrder(await run(['container', 'inspect', ...ids]))
}

/** Like `containers`, synchronously. Null when no engine responds. */
export function containersSync(project: string, env: NodeJS.ProcessEnv): Container[] | null {
  const ids = dockerSync(idsOf(project), env)
  if (ids === null || ids === '')
    return ids === null ? null : []
  const found = dockerSync(['container', 'inspect', ...lines(ids)], env)
  return found === null ? null : inOrder(found)
}

/** The folder of another clone whose containers use this project's name. Undefined if there is none. */
export async function otherFolder(project: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = lines(await docker(['ps', '--all', '--filter', `label=com.docker.compose.project=${project}`, '--format', `{{.Label "${FOLDER_LABEL}"}}`], { env, timeoutMs: QUICK_TIMEOUT_MS }))
  return folders.find(folder => !OUR_FOLDERS.includes(folder))
}

function order(container: Container): number {
  return (SERVICES as readonly string[]).indexOf(container.service)
}

function inOrder(output: string): Container[] {
  const found = inspected.parse(JSON.parse(output))
    .filter(({ Config: { Labels } }) => OUR_FOLDERS.includes(Labels[FOLDER_LABEL] ?? ''))
    .sort((a, b) => order(a) - order(b) || a.service.localeCompare(b.service) || a.number - b.number)
  // `make redeploy` leaves gaps between Compose's numbers, and parts have none.
  const rank = (container: Container) => found.filter(({ service, number }) => service === container.service && number <= container.number).length
  return found.map(container => ({ ...container, name: partName(container.service, String(rank(container))) }))
}

/** The last `count` lines of a container's stdout and stderr, in the order Docker received them. With `until`, none is later. */
export async function lastLinesOf(container: Container, count: number, env: NodeJS.ProcessEnv, until?: Date): Promise<string[]> {
  const stderr: string[] = []
  // Docker takes the --tail first, then drops what is later than --until: nothing may be left. A container logs 30 MB at most.
  const limit = until ? ['--until', until.toISOString()] : ['--tail', String(count)]
  const stdout = await docker(['logs', '--timestamps', ...limit, container.Id], { env, timeoutMs: QUICK_TIMEOUT_MS, onLine: line => stderr.push(line) })
  return [...lines(stdout), ...stderr].sort(byTimestamp).slice(-count).map(line => readable(line.slice(line.indexOf(' ') + 1)))
}

function byTimestamp(a: string, b: string): number {
  const [first, second] = [a, b].map(line => line.slice(0, line.indexOf(' ')))
  return first! < second! ? -1 : Number(first! > second!)
}

/** Whether this container is a part that keeps running, not a job that runs once. */
export function isPart(container: Container): boolean {
  return order(container) >= 0
}

/** Whether every part exists, healthy or not, since Docker restarts them. If one is missing, a start or a stop was cut short. */
export function isComplete(found: Container[]): boolean {
  return SERVICES.every(service => found.some(container => container.service === service && ['running', 'paused', 'restarting'].includes(container.State.Status)))
}

/** Whether the container was started with the overlay of the development form. */
export function isDev(container: Container): boolean {
  return container.Config.Labels['com.docker.compose.project.config_files']?.endsWith('compose.dev.yaml') ?? false
}

/** The port on this machine that the service publishes, except for its debugger. Null if it publishes none. */
export function publishedPort(found: Container[], service: string): number | null {
  const ports = found.filter(container => container.service === service).flatMap(container => Object.entries(container.NetworkSettings.Ports)).filter(([port]) => port !== DEBUGGER).map(([, published]) => published)
  return Number(ports.flat().find(port => port !== null)?.HostPort) || null
}

import { z } from 'zod'
import { readable } from '../machine/log-line.ts'
import { docker, lines, LOOK_TIMEOUT_MS, lookSync } from './docker.ts'

/** The services that keep running, in the order in which they start. The others run once. */
const SERVICES = ['postgres', 'api', 'proxy', 'worker', 'ui'] as const

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
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()),
  }),
}).transform((found) => {
  const { 'com.docker.compose.service': service = '', 'com.docker.compose.container-number': number = '' } = found.Config.Labels
  return { ...found, service, name: partName(service, number) }
}))

/** A container of a stack, as `docker inspect` tells of it, and the name of the part that it is. */
export type Container = z.infer<typeof inspected>[number]

/** `api`, `api-2`, `worker-1`: the first of a kind has no number, but for workers. */
export function partName(service: string, number: string): string {
  return number === '1' && service !== 'worker' ? service : `${service}-${number}`
}

const idsOf = (project: string) => ['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=com.docker.compose.project=${project}`]

/** All containers of the project, those that ran once as well, in the order of SERVICES and of their numbers. */
export async function containers(project: string, env: NodeJS.ProcessEnv): Promise<Container[]> {
  const look = (args: string[]) => docker(args, { env, timeoutMs: LOOK_TIMEOUT_MS })
  const ids = lines(await look(idsOf(project)))
  return ids.length === 0 ? [] : inOrder(await look(['container', 'inspect', ...ids]))
}

/** The same at once. Empty when no engine answers. */
export function containersSync(project: string, env: NodeJS.ProcessEnv): Container[] {
  const ids = lines(lookSync(idsOf(project), env) ?? '')
  const found = ids.length > 0 && lookSync(['container', 'inspect', ...ids], env)
  return found ? inOrder(found) : []
}

function order(container: Container): number {
  return (SERVICES as readonly string[]).indexOf(container.service)
}

function inOrder(output: string): Container[] {
  return inspected.parse(JSON.parse(output))
    .sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name, 'en', { numeric: true }))
}

/** What a container last said, on both its streams: at most so many lines, none later than the moment. */
export async function lastLinesOf(container: Container, count: number, env: NodeJS.ProcessEnv, until = new Date().toISOString()): Promise<string[]> {
  const said: string[] = []
  const stdout = await docker(['logs', '--tail', String(count), '--until', until, container.Id], { env, timeoutMs: LOOK_TIMEOUT_MS, onLine: line => said.push(line) })
  return [...lines(stdout), ...said].slice(-count).map(readable)
}

/** Whether this is a part that keeps running, and not one that runs once. */
export function isPart(container: Container): boolean {
  return order(container) >= 0
}

/** Whether every part is there, well or not: Docker keeps them up. If not, a start or a stop was cut short. */
export function isWhole(found: Container[]): boolean {
  return SERVICES.every(service => found.some(container => container.service === service && ['running', 'paused', 'restarting'].includes(container.State.Status)))
}

/** The port of this machine by which a service is reached, if it publishes one. */
export function publishedPort(found: Container[], service: string): number | null {
  const ports = found.filter(container => container.service === service).flatMap(container => Object.values(container.NetworkSettings.Ports))
  return Number(ports.flat().find(port => port !== null)?.HostPort) || null
}

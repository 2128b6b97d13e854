import type { Swarm } from './swarm-node.ts'
import { z } from 'zod'
import { lines } from '../docker/docker.ts'
import { readable } from '../machine/log-line.ts'
import { Refusal } from '../refusal.ts'

const LINES_SHOWN = 20

const services = z.array(z.object({
  ID: z.string(),
  Spec: z.object({ Name: z.string() }),
  UpdateStatus: z.object({ State: z.string().optional() }).optional(),
}))
const tasks = z.array(z.object({
  ID: z.string(),
  ServiceID: z.string(),
  CreatedAt: z.string(),
  Status: z.object({ State: z.string(), Err: z.string().default('') }),
}))
type Task = z.infer<typeof tasks>[number]

/** Finds the first of these services that was rolled back or has no running task, with its last log lines. Null if all are healthy. */
export async function findUnhealthy(swarm: Swarm, names: string[]): Promise<Refusal | null> {
  const taskIds = lines(await swarm.run(['service', 'ps', '--quiet', '--no-trunc', ...names]))
  if (taskIds.length === 0)
    return null
  const all = tasks.parse(JSON.parse(await swarm.run(['inspect', '--type', 'task', ...taskIds])))
  for (const { ID, Spec: { Name }, UpdateStatus } of services.parse(JSON.parse(await swarm.run(['service', 'inspect', ...names])))) {
    const ofService = all.filter(task => task.ServiceID === ID)
    // A task that the swarm stops as unhealthy may exit with 0 and count as complete. A replaced task is 'shutdown'.
    const failed = newest(ofService.filter(({ Status }) => ['complete', 'failed', 'rejected'].includes(Status.State)))
    const rolledBack = UpdateStatus?.State?.startsWith('rollback_') ?? false
    const healthy = ofService.some(({ Status }) => ['running', 'complete'].includes(Status.State))
    if (failed && (rolledBack || !healthy)) {
      const outcome = rolledBack ? 'was rolled back to its previous version' : 'did not start'
      return new Refusal(`${Name} ${outcome}: ${failed.Status.Err || 'it did not become healthy'}`, await lastLines(swarm, failed))
    }
  }
  return null
}

function newest(found: Task[]): Task | undefined {
  return found.sort((a, b) => a.CreatedAt.localeCompare(b.CreatedAt)).at(-1)
}

async function lastLines(swarm: Swarm, { ID }: Task): Promise<string[]> {
  const output = await swarm.run(['service', 'logs', '--raw', '--tail', String(LINES_SHOWN), ID]).catch(() => '')
  return lines(output).map(line => readable(line))
}

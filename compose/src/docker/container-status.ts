import type { PartStatus } from '../stack.ts'
import type { Container } from './containers.ts'
import { superuserUrl } from '../data/logins.ts'
import { checkHealth } from '../machine/health.ts'
import { lastLinesOf, publishedPort } from './containers.ts'

const LINES_SHOWN = 20
/** Docker stamps a line when it reads it, which can be after the exit. It waits at least 100 ms before a restart. */
const LATE_LINES_MS = 50

/**
 * The status of a container as a part. The health of a container that publishes a port is checked there; the others have
 * the result of Docker's health check, which is at most 2 s old.
 */
export async function partStatus(container: Container, env: NodeJS.ProcessEnv): Promise<PartStatus> {
  const { name, RestartCount, State } = container
  const running = State.Status === 'running'
  return {
    name,
    state: stateOf(container),
    pid: State.Pid || null,
    uptimeMs: State.Pid ? Date.now() - Date.parse(State.StartedAt) : null,
    restarts: RestartCount,
    url: urlOf(container) ?? '-',
    health: running ? await healthOf(container) : '-',
    // Docker does not keep the exit code of a container that it has restarted.
    lastDeath: RestartCount > 0 ? { at: Date.parse(State.FinishedAt), how: 'Docker restarted it', lines: await lastWords(container, env) } : null,
  }
}

/** The last log lines before the last death. If the log cannot be read, the only line says so. */
async function lastWords(container: Container, env: NodeJS.ProcessEnv): Promise<string[]> {
  const until = new Date(Date.parse(container.State.FinishedAt) + LATE_LINES_MS)
  return lastLinesOf(container, LINES_SHOWN, env, until).catch((error: Error) => [`The log could not be read: ${error.message}`])
}

function stateOf({ State: { Status, Health } }: Container): string {
  if (Status === 'running')
    return Health?.Status === 'starting' ? 'starting' : 'running'
  return Status === 'restarting' ? 'waiting to restart' : Status
}

async function healthOf(container: Container): Promise<string> {
  const url = urlOf(container)
  if (url !== null)
    return checkHealth(url.startsWith('postgres:') ? url : `${url}/${container.service === 'proxy' ? 'ready' : 'health'}`)
  const verdict = container.State.Health?.Status
  return verdict === 'healthy' ? 'ok' : verdict === 'unhealthy' ? 'health check fails' : verdict ?? '-'
}

function urlOf(container: Container): string | null {
  const port = publishedPort([container], container.service)
  if (port === null)
    return null
  return container.service === 'postgres' ? superuserUrl(port, 'payments') : `http://localhost:${port}`
}

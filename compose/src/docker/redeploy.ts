import type { Progress, RedeployedService } from '../stack.ts'
import type { ComposeProject } from './compose-project.ts'
import type { Container } from './containers.ts'
import { runStep } from '../stack.ts'
import { docker, QUICK_TIMEOUT_MS } from './docker.ts'

interface Redeploy {
  project: ComposeProject
  /** Returns the containers of the project. */
  list: () => Promise<Container[]>
  env: NodeJS.ProcessEnv
  timeoutMs: number
  waitFor: (what: string, condition: () => Promise<boolean>) => Promise<void>
}

/**
 * Replaces the containers of a service with containers of its current image, which `list` then returns. APIs are replaced
 * without a failed request: a new one starts, and an old one stops only once the proxy sends requests to the new one. The other
 * services stop before their replacement starts: two containers cannot publish one port.
 */
export async function replaceContainers(service: RedeployedService, { project, list, env, timeoutMs, waitFor }: Redeploy, progress: Progress): Promise<void> {
  const replicas = async () => (await list()).filter(container => container.service === service)
  const before = await replicas()
  const count = before.length
  const up = (...args: string[]) => project.run(['up', '--detach', '--no-deps', '--no-build', '--wait', ...args, service], { timeoutMs })
  const step = (name: string, work: () => Promise<unknown>) => runStep(progress, name, work)

  if (service !== 'api') {
    await step(service, () => up(...(service === 'worker' ? ['--scale', `worker=${count}`] : [])))
    return
  }
  const proxy = (await list()).find(container => container.service === 'proxy')!
  const served = () => waitFor('the proxy to see each API', async () => {
    const upAt = await addressesUp(proxy, env)
    return (await replicas()).every(({ NetworkSettings: { Networks } }) => Object.values(Networks).some(({ IPAddress }) => upAt.has(IPAddress)))
  })
  // One by one: when two of three stopped at the same time, the proxy's retries met both of them, and requests failed.
  for (const old of before) {
    await step(old.name, async () => {
      await up('--no-recreate', '--scale', `api=${count + 1}`)
      await served()
      await docker(['stop', old.Id], { env, timeoutMs })
      await docker(['rm', old.Id], { env, timeoutMs })
    })
  }
}

/** The addresses of the APIs that the proxy sends requests to. */
async function addressesUp(proxy: Container, env: NodeJS.ProcessEnv): Promise<Set<string>> {
  const csv = await docker(['exec', proxy.Id, 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/8404 && printf \'GET /replicas;csv HTTP/1.0\\r\\n\\r\\n\' >&3 && cat <&3'], { env, timeoutMs: QUICK_TIMEOUT_MS })
  const [head, ...rows] = csv.slice(csv.indexOf('# ') + 2).split('\n').map(line => line.split(','))
  const column = (name: string) => head!.indexOf(name)
  return new Set(rows.filter(row => row[column('status')]?.startsWith('UP')).map(row => row[column('addr')]!.replace(/:\d+$/, '')))
}

import type { Container } from '../../src/docker/containers.ts'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { ComposeProject } from '../../src/docker/compose-project.ts'
import { containers, isPart } from '../../src/docker/containers.ts'
import { settled, startLoad } from '../support/load.ts'
import { pay } from '../support/pay.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { until } from '../support/until.ts'

/** The fields of `docker inspect` that show how a container is confined. */
interface Confined {
  Config: { User: string }
  HostConfig: { ReadonlyRootfs: boolean, CapDrop: string[], SecurityOpt: string[], Init: boolean, Memory: number, NanoCpus: number, PidsLimit: number, RestartPolicy: { Name: string } }
  NetworkSettings: { Ports: Record<string, { HostIp: string }[] | null>, Networks: Record<string, unknown> }
}

// Tests what only containers have: two APIs behind one address, limits, and separate networks.
describe('the system in containers', () => {
  let system: TemporaryStack
  let found: Container[]
  before(async () => {
    system = await TemporaryStack.create({ MODE: 'compose', APIS: '2' })
    const { code, stderr } = await system.verb('up')
    assert.equal(code, 0, stderr)
    found = await containers(new ComposeProject(system.config).name, process.env)
  })
  after(() => system?.remove())

  const inspect = (container: Container) => (JSON.parse(execFileSync('docker', ['inspect', container.Id], { encoding: 'utf8' })) as [Confined])[0]

  it('confines every container', () => {
    for (const container of found) {
      const { Config, HostConfig } = inspect(container)
      const { ReadonlyRootfs, CapDrop, SecurityOpt, Init, Memory, NanoCpus, PidsLimit, RestartPolicy } = HostConfig
      assert.deepEqual({ ReadonlyRootfs, CapDrop, SecurityOpt, Init }, { ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], Init: true }, container.name)
      assert.match(Config.User, /^(?:node|postgres|haproxy)$/, container.name)
      assert.ok(Memory > 0 && NanoCpus > 0 && PidsLimit > 0, `${container.name} has limits`)
      assert.equal(RestartPolicy.Name, ['secrets', 'logins', 'migrate'].includes(container.name) ? 'no' : 'unless-stopped', container.name)
    }
  })

  it('listens on 127.0.0.1 only, and gives a container that publishes no port no route out', () => {
    const published = found.flatMap(container => Object.values(inspect(container).NetworkSettings.Ports)).flatMap(ports => ports ?? [])
    assert.deepEqual(published.map(({ HostIp }) => HostIp), ['127.0.0.1', '127.0.0.1', '127.0.0.1'])
    const project = new ComposeProject(system.config).name
    for (const name of ['api', 'api-2', 'worker-1'])
      assert.deepEqual(Object.keys(inspect(found.find(container => container.name === name)!).NetworkSettings.Networks), [`${project}_inside`])
    assert.equal(execFileSync('docker', ['network', 'inspect', '--format', '{{.Internal}}', `${project}_inside`], { encoding: 'utf8' }), 'true\n')
  })

  it('mounts into each part only the secret of that part, and puts no password in its environment', () => {
    for (const name of ['api', 'worker-1'])
      assert.doesNotMatch(inside(name, 'env'), /PASSWORD|DATABASE_URL/)
    assert.equal(inside('api', 'ls /run/secrets'), 'api\n')
    assert.equal(inside('worker-1', 'ls /run/secrets'), 'worker\n')
  })

  it('has no package manager in the images of the services', () => {
    for (const name of ['api', 'worker-1', 'ui'])
      assert.equal(inside(name, 'command -v npm npx corepack yarn || echo none'), 'none\n', name)
  })

  it('lets no container be the superuser without a password', () => {
    const queryAs = (user: string) => inside('another container', `psql -w -h postgres -U ${user} -d payments -c 'select 1'`)
    assert.throws(() => queryAs('postgres'), /no password supplied/)
  })

  it('spreads the requests over both APIs', async () => {
    const { api } = system.stack.endpoints()
    const instances = new Set<string>()
    await until('both have responded', async () => {
      const leave = new AbortController()
      const response = await fetch(`${api}/events`, { signal: AbortSignal.any([leave.signal, AbortSignal.timeout(10_000)]) })
      const { value } = await response.body!.pipeThrough(new TextDecoderStream()).getReader().read()
      leave.abort()
      instances.add(/^id: (.+):\d+$/m.exec(value!)![1]!) // an event's id begins with the id of the API that sends it
      return instances.size === 2
    })
  })

  it('logs neither requests nor health checks in the proxy', async () => {
    const { api } = system.stack.endpoints()
    const mark = randomUUID()
    for (let i = 0; i < 20; i++)
      await fetch(`${api}/health?${mark}`, { signal: AbortSignal.timeout(10_000) })
    const proxy = found.find(({ name }) => name === 'proxy')!
    const log = execFileSync('docker', ['logs', proxy.Id], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    assert.doesNotMatch(log, new RegExp(`Connect from|GET |${mark}`))
  })

  it('is the stack of `docker compose up`, in the root and in compose/', async () => {
    const { name } = new ComposeProject(system.config)
    const ids = async () => (await containers(name, process.env)).filter(isPart).map(({ Id }) => Id)
    const before = await ids()
    const { ports } = system.config
    const env = { ...process.env, IMAGES: name, APIS: '2', PGPORT: String(ports.postgres), API_PORT: String(ports.api), UI_PORT: String(ports.ui) }
    for (const folder of ['.', 'compose'])
      execFileSync('docker', ['compose', '--project-name', name, 'up', '--detach', '--no-build'], { cwd: join(repoRoot, folder), env, stdio: 'pipe' })
    assert.deepEqual(await ids(), before)
    const config = (folder: string) => JSON.parse(execFileSync('docker', ['compose', '--env-file', join(repoRoot, 'compose/.env'), 'config', '--format', 'json'], { cwd: join(repoRoot, folder), encoding: 'utf8' })) as Record<'name' | 'services' | 'volumes' | 'networks', unknown>
    const [root, compose] = [config('.'), config('compose')]
    for (const key of ['name', 'services', 'volumes', 'networks'] as const)
      assert.deepEqual(root[key], compose[key], key)
    assert.equal(root.name, 'payments')
    assert.match(execFileSync('docker', ['compose', '--project-name', name, 'logs', 'ready'], { cwd: repoRoot, env, encoding: 'utf8' }), new RegExp(`Console: http://localhost:${ports.ui}`))
  })

  it('is repaired by make up, which leaves the other parts alone', async () => {
    const ids = async () => new Map((await containers(new ComposeProject(system.config).name, process.env)).filter(isPart).map(({ name, Id, State }) => [name, `${Id} ${State.StartedAt}`]))
    const before = await ids()
    execFileSync('docker', ['kill', found.find(({ name }) => name === 'worker-1')!.Id], { stdio: 'pipe' })
    const { code, stdout, stderr } = await system.verb('up')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^The system was running already\. It is up to date now/m)
    const after = await ids()
    assert.deepEqual([...after].filter(([name, id]) => before.get(name) !== id).map(([name]) => name), ['worker-1'])
    assert.match((await system.verb('up')).stdout, /^The system is already running\. Nothing was changed\.$/m)
    found = await containers(new ComposeProject(system.config).name, process.env)
  })

  it('restarts the APIs one by one under load without a failed request', async () => {
    const { api } = system.stack.endpoints()
    const load = startLoad(api)
    for (const name of ['api', 'api-2']) {
      await load.reach(200)
      await system.stack.restart(name)
    }
    await load.reach(200)
    const { failures, ids } = await load.stop()
    assert.deepEqual(failures, [])
    await settled(api, ids)
  })

  // The engine removes the network while connections are open, as a cut cable or a dead machine does: no API closes them.
  it('loses no request when an API is cut off from the network, and repeats those in flight within 5 s', async () => {
    const { api } = system.stack.endpoints()
    const network = `${new ComposeProject(system.config).name}_inside`
    const { Id } = found.find(({ name }) => name === 'api-2')!
    const load = startLoad(api)
    await load.reach(200)
    execFileSync('docker', ['network', 'disconnect', network, Id])
    try {
      await load.reach(200)
      const { failures, ids, longestMs } = await load.stop()
      assert.deepEqual(failures, [])
      assert.ok(longestMs < 8_000, `a request took ${longestMs} ms; 3 s of that are for a busy machine`)
      await settled(api, ids)
    }
    finally {
      execFileSync('docker', ['network', 'connect', '--alias', 'api', network, Id])
    }
    await until('both APIs are healthy', async () => (await system.stack.parts()).filter(({ name }) => name.startsWith('api')).every(({ health }) => health === 'ok'), 60_000)
  })

  it('redeploys the APIs under load without a failed request, and keeps their number and names', async () => {
    const { api } = system.stack.endpoints()
    const load = startLoad(api)
    await load.reach(200)
    const { code, stderr } = await system.verb('redeploy', { PART: 'api', VERSION: 'next' }) // another image, though its sources are the same
    assert.equal(code, 0, stderr)
    await load.reach(200)
    const { failures, ids } = await load.stop()
    assert.deepEqual(failures, [])
    await settled(api, ids)
    const apis = (await containers(new ComposeProject(system.config).name, process.env)).filter(({ service }) => service === 'api')
    assert.deepEqual(apis.map(({ name }) => name), ['api', 'api-2'])
    for (const { Id } of apis)
      assert.ok(!found.some(old => old.Id === Id), 'an old API still runs')
    found = await containers(new ComposeProject(system.config).name, process.env)
  })

  it('scales to four workers under load and back to one, and settles every payment once', async () => {
    const { api } = system.stack.endpoints()
    const load = startLoad(api)
    assert.equal((await system.verb('scale', { WORKERS: '4' })).code, 0)
    await load.reach(200)
    assert.equal((await system.verb('scale', { WORKERS: '1' })).code, 0)
    const { failures, ids } = await load.stop()
    assert.deepEqual(failures, [])
    await settled(api, ids)
    assert.equal((await system.verb('audit')).code, 0)
  })

  it('passes each event on at once', async () => {
    const chunks: string[] = []
    const stream = request(`${system.stack.endpoints().api}/events`, response => response.on('data', chunk => chunks.push(String(chunk))))
    stream.on('error', () => {}).end()
    try {
      await until('the stream has begun', () => chunks.join('').includes('event: hello'))
      const id = await pay(system.stack.endpoints().api, { accountId: 'stream', amount: '1.00' })
      await until('the event of the payment arrives', () => chunks.join('').includes(id))
    }
    finally {
      stream.destroy()
    }
  })

  /** Runs a shell command in a part, or in a new container on the inside network if no part has that name. Returns its stdout. */
  function inside(part: string, line: string): string {
    const container = found.find(({ name }) => name === part)
    const args = container ? ['exec', container.Id] : ['run', '--rm', '--network', `${new ComposeProject(system.config).name}_inside`, 'postgres:18']
    return execFileSync('docker', [...args, 'bash', '-c', line], { encoding: 'utf8', stdio: 'pipe' })
  }
})

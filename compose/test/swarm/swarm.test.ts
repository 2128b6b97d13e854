import type { Outcome } from '../support/temporary-stack.ts'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { freePort, isFree } from '../../src/machine/ports.ts'
import { startLoad } from '../support/load.ts'
import { run } from '../support/run.ts'
import { slowIt } from '../support/slow.ts'
import { until } from '../support/until.ts'

const PAUSE_MS = 20 // for each of the eight callers: enough load to notice a failure, and CPU left for the update

describe('the system as a stack of a Docker Swarm', function () {
  this.timeout(900_000)
  const stack = `test-${randomBytes(4).toString('hex')}`
  const inSwarm = () => docker('info', '--format', '{{.Swarm.LocalNodeState}}') === 'active'
  let parent: string
  let tree: string // a copy, since the test changes the API
  let env: Record<string, string>
  let api: string
  let wasInSwarm: boolean
  let paid = 0

  // mocha runs no more hooks after a Ctrl-C.
  const onInterrupt = () => void remove().finally(() => process.exit(130))

  before(async () => {
    process.once('SIGINT', onInterrupt)
    parent = mkdtempSync(join(tmpdir(), 'payments-test-'))
    tree = join(parent, 'tree')
    const uninteresting = ['node_modules', '.output', '.nuxt', '.data', '.git', '.tools']
    cpSync(repoRoot, tree, { recursive: true, filter: source => !uninteresting.includes(basename(source)) })
    symlinkSync(join(repoRoot, 'compose/node_modules'), join(tree, 'compose/node_modules'))
    const { PATH = '', HOME = '' } = process.env
    env = { PATH, HOME, STACK: stack, DATA_DIR: join(parent, 'data'), API_PORT: String(await freePort()), UI_PORT: String(await freePort()) }
    api = `http://localhost:${env.API_PORT}`
    wasInSwarm = inSwarm()
  })
  after(remove)

  it('is refused in one line when a port is taken, and creates no swarm', async () => {
    const server = createServer().listen(Number(env.API_PORT), '127.0.0.1')
    await once(server, 'listening')
    try {
      const { code, stdout, stderr } = await verb('swarm-up')
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, new RegExp(`^Port ${env.API_PORT} \\(API\\) is in use by pid ${process.pid} .*: \`make swarm-up API_PORT=\\d+\`\\.\n$`))
      assert.equal(inSwarm(), wasInSwarm)
    }
    finally {
      server.close()
    }
  })

  it('starts with one verb, which says that it creates a swarm', async () => {
    const { code, stdout, stderr } = await verb('swarm-up')
    assert.equal(code, 0, stderr)
    assert.equal(/^This engine was not in a swarm\. Created a swarm/m.test(stdout), !wasInSwarm)
    assert.deepEqual(replicas(), { api: '1/1', logins: '0/1 (1/1 completed)', migrate: '0/1 (1/1 completed)', postgres: '1/1', proxy: '1/1', ui: '1/1', worker: '1/1' })
    assert.equal((await fetch(`http://localhost:${env.UI_PORT}/health`)).status, 200)
  })

  it('is named by the verbs that do not see it', async () => {
    for (const name of ['status', 'down']) {
      const { stdout, stderr } = await verb(name)
      assert.match(stdout, /^Nothing is running here\./)
      assert.match(stderr, new RegExp(`^The swarm stack ${stack} is running, which only the swarm verbs see: `))
    }
  })

  it('confines every container as compose.yaml does, and publishes only the ports of the proxy and the console', () => {
    const published: string[] = []
    for (const id of docker('container', 'ls', '--quiet', '--filter', `label=com.docker.stack.namespace=${stack}`).split('\n')) {
      const [{ Config, HostConfig, NetworkSettings }] = JSON.parse(docker('container', 'inspect', id)) as [Confined]
      const { ReadonlyRootfs, CapDrop, Init, Memory, NanoCpus, PidsLimit } = HostConfig
      assert.deepEqual({ ReadonlyRootfs, CapDrop, Init }, { ReadonlyRootfs: true, CapDrop: ['ALL'], Init: true }, Config.Image)
      assert.match(Config.User, /^(?:node|postgres|haproxy)$/, Config.Image)
      assert.ok(Memory > 0 && NanoCpus > 0 && PidsLimit! > 0, `${Config.Image} has limits`)
      assert.doesNotMatch(Config.Env.join('\n'), /PASSWORD=|DATABASE_URL/)
      published.push(...Object.values(NetworkSettings.Ports).flatMap(ports => ports ?? []).map(({ HostPort }) => HostPort))
    }
    assert.deepEqual(new Set(published), new Set([env.API_PORT, env.UI_PORT]))
    assert.equal(docker('network', 'inspect', '--format', '{{.Internal}}', `${stack}-swarm_inside`), 'true')
  })

  it('shares no volume or network with a Compose project of its name', () => {
    const { volumes, networks } = JSON.parse(docker('compose', '--project-directory', join(tree, 'compose'), '--project-name', stack, 'config', '--format', 'json')) as Record<'volumes' | 'networks', Record<string, { name: string }>>
    const names = Object.values({ ...volumes, ...networks }).map(({ name }) => name)
    const ofStack = docker('container', 'ls', '--filter', `label=com.docker.stack.namespace=${stack}`, '--no-trunc', '--format', '{{.Mounts}},{{.Networks}}').split(/[,\n]/)
    assert.ok(ofStack.includes(`${stack}-swarm_postgres`))
    assert.deepEqual(ofStack.filter(name => names.includes(name)), [])
  })

  it('scales to three APIs and four workers under load without a failed request', async () => {
    const { code, stderr } = await underLoad('scale', () => verb('swarm-up', { APIS: '3', WORKERS: '4' }))
    assert.equal(code, 0, stderr)
    assert.deepEqual([replicas().api, replicas().worker], ['3/3', '4/4'])
    assert.equal(query('select count(*) from recon_workers where stopped_at is null'), '4')
  })

  it('rolls out an update under load without a failed request, and stops no API before its replacement runs', async () => {
    const before = running('api')
    appendFileSync(join(tree, 'payments-api/src/main.ts'), '\n// changed\n')
    const { code, stderr } = await underLoad('update', () => verb('swarm-up'))
    assert.equal(code, 0, stderr)
    const after = running('api')
    assert.equal(after.length, 3)
    assert.equal(new Set(after).size, 1)
    assert.ok(!before.includes(after[0]!), 'it is another image')
    const tasks = JSON.parse(docker('inspect', '--type', 'task', ...docker('service', 'ps', '--quiet', '--no-trunc', `${stack}_api`).split('\n'))) as Task[]
    const stopped = tasks.filter(task => task.Status.State === 'shutdown' && before.includes(task.Spec.ContainerSpec.Image))
    const pairs = stopped.flatMap(old => tasks.filter(({ Slot, Status }) => Slot === old.Slot && Status.State === 'running').map(next => [next, old] as const))
    assert.ok(pairs.length > 0)
    for (const [next, old] of pairs)
      assert.ok(next.Status.Timestamp < old.Status.Timestamp, `${next.Status.Timestamp}, then ${old.Status.Timestamp}`)
    assert.deepEqual(replicas().worker, '4/4')
  })

  slowIt('rolls back an unhealthy update under load without a failed request, and reports it', async () => {
    const before = running('api')
    const file = join(tree, 'payments-api/src/http/health.ts')
    const source = readFileSync(file, 'utf8')
    writeFileSync(file, source.replace(`res.json({ status: 'ready' })`, `sendProblem(res, 'unavailable', 'It is broken.')`))
    assert.notEqual(readFileSync(file, 'utf8'), source)
    const { code, stderr } = await underLoad('rollback', () => verb('swarm-up'))
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`^${stack}_api was rolled back to its previous version: .*health.*\n  \\| .*listening`))
    await until('three run', () => replicas().api === '3/3', 60_000)
    assert.deepEqual(running('api'), before)
  })

  it('has settled every payment once, and every invariant holds', async () => {
    await until('all is settled', () => query(`select count(*) from payments where status = 'pending'`) === '0', 60_000)
    assert.equal(query(`select count(*) from payments where status = 'completed'`), String(paid))
    const folder = join(repoRoot, 'contracts/invariants')
    for (const file of readdirSync(folder).filter(name => name.endsWith('.sql')))
      assert.equal(query(readFileSync(join(folder, file), 'utf8')), '', file)
  })

  it('is removed with one verb, which keeps the data and ends the swarm that swarm-up created', async () => {
    const { code, stdout, stderr } = await verb('swarm-down')
    assert.equal(code, 0, stderr)
    assert.match(stdout, new RegExp(`Your data is kept: .*\`docker volume rm ${stack}-swarm_postgres\` deletes it\\.`))
    for (const kind of ['container', 'network'])
      assert.equal(docker(kind, 'ls', ...kind === 'container' ? ['--all'] : [], '--quiet', '--filter', `label=com.docker.stack.namespace=${stack}`), '', kind)
    for (const port of [env.API_PORT, env.UI_PORT])
      assert.ok(await isFree(Number(port)), `port ${port}`)
    assert.equal(inSwarm(), wasInSwarm)
    assert.match((await verb('swarm-down')).stdout, /^No stack .* is running here\.\n$/)
  })

  async function remove(): Promise<void> {
    process.off('SIGINT', onInterrupt)
    await verb('swarm-down')
    const images = docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', `${stack}-swarm/*`)
    if (images !== '')
      docker('image', 'rm', '--force', ...images.split('\n'))
    docker('volume', 'rm', '--force', `${stack}-swarm_postgres`)
    rmSync(parent, { recursive: true, force: true })
  }

  function verb(name: string, settings: Record<string, string> = {}): Promise<Outcome> {
    return run(join(tree, 'compose'), { ...env, ...settings }, process.execPath, `src/verbs/${name}.ts`)
  }

  /** Changes the stack under load that starts before the change and ends after it. No payment may fail. */
  async function underLoad(what: string, change: () => Promise<Outcome>): Promise<Outcome> {
    const load = startLoad(api, PAUSE_MS)
    await load.reach(50)
    const begin = Date.now()
    const outcome = await change()
    const tookMs = Date.now() - begin
    await load.reach(50)
    const { failures, ids } = await load.stop()
    paid += ids.length
    console.log(`      ${what}: ${(tookMs / 1000).toFixed(1)} s, ${ids.length + failures.length} requests, ${failures.length} failed`)
    assert.deepEqual(failures, [])
    return outcome
  }

  /** The running and desired tasks of each service, as `docker service ls` prints them: `3/3`. */
  function replicas(): Record<string, string> {
    const services = docker('service', 'ls', '--filter', `label=com.docker.stack.namespace=${stack}`, '--format', '{{.Name}} {{.Replicas}}').split('\n').sort()
    return Object.fromEntries(services.map(line => [line.slice(stack.length + 1, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
  }

  /** The image of each task of the service whose desired state is running. */
  function running(service: string): string[] {
    return docker('service', 'ps', '--filter', 'desired-state=running', '--format', '{{.Image}}', `${stack}_${service}`).split('\n')
  }

  function query(sql: string): string {
    const postgres = docker('container', 'ls', '--quiet', '--filter', `label=com.docker.swarm.service.name=${stack}_postgres`)
    return docker('exec', postgres, 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'payments', '--tuples-only', '--no-align', '-c', sql)
  }
})

/** The fields of `docker inspect` that show how a container is confined. */
interface Confined {
  Config: { User: string, Image: string, Env: string[] }
  HostConfig: { ReadonlyRootfs: boolean, CapDrop: string[], Init: boolean, Memory: number, NanoCpus: number, PidsLimit: number | null }
  NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> }
}

/** The fields of `docker inspect` that show when a task reached its present state. */
interface Task {
  Slot: number
  Spec: { ContainerSpec: { Image: string } }
  Status: { State: string, Timestamp: string }
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
}

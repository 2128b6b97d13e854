import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { repoRoot } from '../src/config.ts'
import { pay } from './support/pay.ts'
import { parseAutomations, Platform } from './support/platform.ts'
import { slowIt } from './support/slow.ts'
import { SmallTree } from './support/small-tree.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

const read = (path: string) => readFileSync(join(repoRoot, path), 'utf8')
const source = read('.gitpod/automations.yaml')

describe('the automations file', () => {
  it('is the same for Gitpod and for Ona', () => {
    assert.equal(read('.ona/automations.yaml'), source, 'cp .gitpod/automations.yaml .ona/')
  })

  it('has the services and tasks of the guide, and a ready command for every service', () => {
    const { services, tasks } = parseAutomations(source)
    assert.deepEqual(Object.keys(services), ['postgres', 'api', 'worker', 'ui'])
    assert.deepEqual(Object.keys(tasks), ['install-deps', 'migrate', 'validate', 'test', 'load'])
    assert.ok(Object.values(services).every(({ commands }) => commands.ready))
  })

  it('starts the services and the migration both with a new dev container and whenever the environment starts or resumes', () => {
    const { services, tasks } = parseAutomations(source)
    for (const { name, triggeredBy = [] } of [...Object.values(services), tasks.migrate!]) {
      for (const trigger of ['postDevcontainerStart', 'postEnvironmentStart'] as const)
        assert.ok(triggeredBy.includes(trigger), `${name}: ${trigger}`)
    }
  })

  it('installs in prebuilds, and a failed install fails the prebuild', () => {
    const { services, tasks } = parseAutomations(source)
    const inPrebuild = [...Object.entries(services), ...Object.entries(tasks)].filter(([, { triggeredBy = [] }]) => triggeredBy.includes('prebuild'))
    assert.deepEqual(inPrebuild.map(([name]) => name), ['install-deps'])
    assert.equal(tasks['install-deps']?.prebuildRequiresSuccess, true)
  })

  it('may have every field and trigger that the platform documents', () => {
    parseAutomations(JSON.stringify({
      services: { tail: {
        name: 'Tail',
        role: 'default',
        readinessTimeout: '300s',
        runsOn: { machine: {} },
        triggeredBy: ['manual', 'postMachineStart', 'postDevcontainerStart', 'postEnvironmentStart', 'prebuild'],
        commands: { start: 'tail -f log', ready: 'true', stop: 'true' },
      } },
      tasks: { warm: {
        name: 'Warm up',
        runsOn: { docker: { image: 'debian', environment: ['A=1'] } },
        triggeredBy: ['prebuild', 'beforeSnapshot'],
        prebuildRequiresSuccess: true,
        command: 'true',
      } },
    }))
  })

  it('is refused with a field, a trigger or a dependency that the platform does not know', () => {
    const changed = (from: string, to: string) => {
      assert.ok(source.includes(from), from)
      return () => parseAutomations(source.replace(from, to))
    }
    assert.throws(changed('  api:\n', '  api:\n    dependsOn: [postgres]\n'), /dependsOn/)
    assert.throws(changed('  api:\n', '  api:\n    prebuildRequiresSuccess: true\n'), /prebuildRequiresSuccess/)
    assert.throws(changed('  migrate:\n', '  migrate:\n    readinessTimeout: 300s\n'), /readinessTimeout/)
    assert.throws(changed('  api:\n', '  api:\n    readinessTimeout: 5 minutes\n'), /a duration in seconds/)
    assert.throws(changed('dependsOn: [install-deps]', 'dependsOn: [install]'), /no task/)
    assert.throws(changed('[postDevcontainerStart, ', '[beforeSnapshot, '), /triggeredBy/)
    assert.throws(changed('[postDevcontainerStart, ', '[postStart, '), /triggeredBy/)
  })
})

describe('a new environment', () => {
  let tree: SmallTree
  let platform: Platform
  before(() => {
    tree = new SmallTree()
    platform = new Platform(parseAutomations(source), tree.folder, tree.env)
  })
  after(async () => {
    tree.openGate()
    await platform.stopAll()
    tree.remove()
  })

  it('starts everything in parallel while dependencies install, each folder once', async () => {
    const started = Promise.all([platform.startEnvironment(), platform.runTask('install-deps')])
    await until('the console waits for an install too', () => /: waiting for process/.test(platform.logs('ui')))
    tree.openGate()
    await started
    assert.deepEqual(tree.installs(), ['compose', 'compose/test/e2e', 'loadtest', 'payments-api', 'payments-ui', 'recon-worker', 'tools'])
    await platform.stopEnvironment()
  })
})

describe('the services and tasks', function () {
  this.timeout(600_000)
  let stack: TemporaryStack
  let platform: Platform
  before(async () => {
    stack = await TemporaryStack.create()
    // These settings keep the slow tasks short; their commands are unchanged.
    platform = new Platform(parseAutomations(source), repoRoot, { ...stack.env, ONLY: 'compose types', SCENARIO: 'smoke' })
  })
  after(async () => {
    await platform.stopAll()
    await stack.remove()
  })

  it('start in the order of the guide, each ready before the next, and pass the seven checks', async () => {
    await platform.runTask('install-deps')
    await platform.startService('postgres')
    assert.match(await platform.runTask('migrate'), /migrated: 0001_/)
    for (const service of ['api', 'ui', 'worker'])
      await platform.startService(service)
    const output = await platform.runTask('validate')
    assert.match(output, /✅ ALL VALIDATION CHECKS PASSED/)
    assert.equal(output.match(/: ✅$/gm)?.length, 7)
  })

  it('show their logs, and every other verb finds them', async () => {
    await until('the request of the validation is shown', () => /request completed.*\/payments/.test(platform.logs('api')))
    const rows = (await stack.verb('status')).stdout.trim().split('\n').slice(1)
    assert.deepEqual(rows.map(row => row.split(/ +/).slice(0, 2).join(' ')), ['postgres running', 'api running', 'worker-1 running', 'ui running'])
    assert.match((await stack.verb('audit')).stdout, /All \d+ invariants hold/)
    assert.match((await stack.verb('scale', { WORKERS: '2' })).stdout, /^Running with 2 healthy workers\.$/m)
    assert.match((await stack.verb('up')).stderr, /^`make service` already runs postgres, api, worker, ui\. Run `make down` first/)
  })

  it('keep running when they are started again: the second start shows the log until the first one ends', async () => {
    const pids = async () => (await stack.stack.parts()).map(({ name, pid }) => `${name} ${pid}`)
    const before = await pids()
    const second = stack.spawnVerb('service', { PART: 'api' })
    const said = text(second.stderr!)
    const lines: string[] = []
    second.stdout!.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
    await until('the second start shows a request that the service logs', async () => {
      await pay(`http://localhost:${stack.config.ports.api}`, { accountId: 'ACC-001', amount: '12.34' })
      return lines.some(line => line.includes('request completed'))
    })
    assert.equal(second.exitCode, null)
    assert.deepEqual(await pids(), before)
    assert.ok(await platform.stopService('api'))
    assert.equal((await once(second, 'exit'))[0], 0)
    assert.match(await said, /^api is already running\. /)
    await platform.startService('api')
  })

  it('restart a part that dies, as make up does', async () => {
    stack.stack.kill('api')
    await until('it runs again', async () => {
      const api = (await stack.stack.parts()).find(({ name }) => name === 'api')
      return api?.restarts === 1 && api.health === 'ok'
    }, 60_000)
  })

  it('stop and start one by one, while the others keep running', async () => {
    assert.ok(await platform.stopService('api'))
    assert.equal((await stack.verb('status', { PART: 'api' })).code, 1)
    assert.equal((await stack.verb('status', { PART: 'postgres' })).code, 0)
    await platform.startService('api')
  })

  it('run the task `test`', async () => {
    assert.match(await platform.runTask('test'), /^1 passed, 0 failed$/m)
  })

  it('run the task `load`', async function () {
    const output = await platform.runTask('load').catch((error: Error) => error.message)
    const [none] = /there is no k6 .*/.exec(output) ?? []
    if (none) {
      console.log(`      skipped: ${none}`)
      this.skip()
    }
    assert.match(output, /All thresholds hold/)
  })

  it('all stop, also by make down, and leave nothing running', async () => {
    assert.ok(await platform.stopService('ui'))
    assert.match((await stack.verb('down')).stdout, /^Stopped in /)
    assert.deepEqual(await stack.stack.parts(), [])
    await platform.stopAll()
    assert.deepEqual(stack.processes(), [])
  })

  it('start concurrently on a fresh machine: those that need the database wait for it', async () => {
    await stack.stack.reset()
    await Promise.all([...['worker', 'api', 'ui', 'postgres'].map(service => platform.startService(service)), platform.runTask('migrate')])
    assert.match(platform.logs('api'), /waiting for Postgres and its migrations/)
    assert.match(await platform.runTask('validate'), /✅ ALL VALIDATION CHECKS PASSED/)
    await platform.stopEnvironment()
  })

  for (const how of ['SIGTERM', 'switched off'] as const) {
    (how === 'SIGTERM' ? it : slowIt)(`come back when the environment resumes, with their data, after a stop by ${how}`, async () => {
      const payments = async () => (await fetch(`http://localhost:${stack.config.ports.api}/payments`)).json()
      await stack.stack.reset()
      await platform.startEnvironment() // migrates twice at once, since both triggers fire
      await platform.runTask('validate')
      const before = await payments()
      await platform.stopEnvironment(how)
      if (how === 'SIGTERM')
        assert.deepEqual(stack.processes(), [])
      await platform.resumeEnvironment()
      const rows = (await stack.verb('status')).stdout.trim().split('\n').slice(1)
      assert.deepEqual(rows.map(row => row.split(/ +/)[1]), ['running', 'running', 'running', 'running'])
      assert.deepEqual(await payments(), before)
      assert.match(await platform.runTask('validate'), /✅ ALL VALIDATION CHECKS PASSED/)
      await platform.stopEnvironment()
    })
  }
})

describe('make service, on bad input', () => {
  let stack: TemporaryStack
  before(async () => stack = await TemporaryStack.create())
  after(() => stack.remove())

  for (const [settings, line] of [
    [{}, /^PART is not set\. The services are postgres, api, worker, ui: `make service PART=postgres`\.\n$/],
    [{ PART: 'database' }, /^PART=database is not a service\. The services are postgres, /],
    [{ PART: 'api', MODE: 'compose' }, /^MODE=compose .* leave MODE out\.\n$/],
  ] as [Record<string, string>, RegExp][]) {
    it(`refuses ${JSON.stringify(settings)} in one line`, async () => {
      const { code, stderr } = await stack.verb('service', settings)
      assert.equal(code, 1)
      assert.match(stderr, line)
    })
  }
})

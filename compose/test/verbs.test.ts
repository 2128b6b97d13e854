import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { isFree } from '../src/machine/ports.ts'
import { isAlive, signalTree } from '../src/machine/processes.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

describe('the verbs, on bad input', () => {
  let stack: TemporaryStack
  before(async () => stack = await TemporaryStack.create())
  after(() => stack.remove())

  const everyVerb = [
    'up',
    'down',
    'status',
    'logs',
    'reset',
    'scale',
    'validate',
    'audit',
    'audit-anchor',
  ]
  const refused: [settings: Record<string, string>, line: RegExp][] = [
    [
      { MODE: 'docker' },
      /^MODE=docker is not valid: it must be embedded or compose\.\n$/,
    ],
    [
      { PGPORT: 'abc' },
      /^PGPORT=abc is not valid: a port must be .*\n$/,
    ],
  ]
  for (const [settings, line] of refused) {
    it(`each refuses ${JSON.stringify(settings)} in one line`, async () => {
      for (const verb of everyVerb) {
        const { code, stdout, stderr } = await stack.verb(verb, settings)
        assert.deepEqual([verb, code, stdout], [verb, 1, ''])
        assert.match(stderr, line)
      }
    })
  }

  it('up names a taken port and the process that holds it, and starts nothing', async () => {
    const server = createServer().listen(stack.config.ports.api, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { code, stderr } = await stack.verb('up')
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`^Port ${stack.config.ports.api} \\(API\\) is in use by pid ${process.pid} .*\`make up PORTS=auto\`\\.\n$`))
      assert.deepEqual(stack.processes(), [])
    }
    finally {
      server.close()
    }
  })

  it('up says that it cannot write to the data folder', async () => {
    const file = join(stack.parent, 'a file')
    writeFileSync(file, '')
    for (const folder of [
      file,
      join(file, 'inside'),
      '/proc/inside',
    ]) {
      const { code, stderr } = await stack.verb('up', { DATA_DIR: folder })
      assert.equal(code, 1)
      assert.match(stderr, /^Cannot write to the data folder .*\. Choose another with DATA_DIR=folder\.\n$/)
    }
  })

  it('down, status, validate, audit, scale and logs say that nothing runs', async () => {
    for (const [verb, code, output] of [
      ['down', 0, /Nothing is running here/],
      ['status', 1, /Nothing is running here/],
      ['validate', 1, /Nothing is running here/],
      ['audit', 1, /Nothing is running here/],
      ['scale', 1, /Nothing is running here/],
      ['logs', 0, /Nothing is running here/],
    ] as const) {
      const outcome = await stack.verb(verb, verb === 'scale' ? { WORKERS: '2' } : {})
      assert.deepEqual([verb, outcome.code], [verb, code])
      assert.match(outcome.stdout + outcome.stderr, output)
    }
  })

  it('logs refuses a part that no system has, also when nothing runs', async () => {
    const { code, stdout, stderr } = await stack.verb('logs', { PART: 'nope' })
    assert.deepEqual([code, stdout, stderr], [1, '', 'There is no part nope. The parts are postgres, api, worker, ui, proxy.\n'])
    for (const part of ['api', 'worker-2'])
      assert.equal((await stack.verb('logs', { PART: part })).code, 0)
  })

  it('up leaves nothing running when a part does not start, and shows its last lines', async () => {
    const { code, stderr } = await stack.verb('up', { PAYMENTS_NODE_OPTIONS: '--import=data:text/javascript,if(process.env.NUXT_API_URL)throw(Error("broken"))' })
    assert.equal(code, 1)
    assert.match(stderr, /^ui did not start: exit code 1\n[\s\S]*broken/)
    assert.deepEqual(stack.processes(), [])
  })

  for (const at of ['postgres', 'migrations', 'api']) {
    it(`up leaves nothing running after a Ctrl-C in the step after ${at}`, async () => {
      const up = stack.spawnVerb('up')
      const stderr = text(up.stderr!)
      let output = ''
      up.stdout!.on('data', chunk => output += chunk)
      await until(`${at} is up`, () => output.includes(at), 60_000)
      up.kill('SIGINT')
      assert.deepEqual(await once(up, 'exit'), [1, null])
      assert.match(await stderr, /^Stopped\. Nothing is left running\.\n$/)
      assert.deepEqual(stack.processes(), [])
      assert.equal(stack.folder.readState(), null)
    })
  }

  it('up leaves nothing running when it is killed while it starts', async () => {
    const up = stack.spawnVerb('up')
    await once(up.stdout!, 'data')
    up.kill('SIGKILL')
    await until('everything has stopped', () => stack.processes().length === 0 && stack.folder.readState() === null)
  })
})

describe('a stack', () => {
  let stack: TemporaryStack
  before(async () => {
    stack = await TemporaryStack.create()
    const { code, stdout, stderr } = await stack.verb('up')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /Console +http:\/\/localhost:\d+\n +API +http:\/\/localhost:\d+ .*\n +Postgres +psql -h localhost -p \d+ -U postgres -d payments\n/)
  })
  after(() => stack.remove())

  const pidOf = (name: string) => stack.folder.readState()!.parts.find(part => part.name === name)?.process

  it('says that it is already running when it is started twice, and changes nothing', async () => {
    const before = stack.folder.readState()!
    const { code, stdout } = await stack.verb('up')
    assert.equal(code, 0)
    assert.match(stdout, /The system is already running\. Nothing was changed\.[\s\S]*http:\/\/localhost:/)
    assert.deepEqual(stack.folder.readState(), before)
  })

  it('shows a table of its parts, all healthy', async () => {
    const { code, stdout } = await stack.verb('status')
    assert.equal(code, 0)
    for (const name of ['postgres', 'api', 'worker-1', 'ui'])
      assert.match(stdout, new RegExp(`^${name} +running +\\d+ +[\\d.]+ s +0 +ok +\\w+://`, 'm'))
  })

  it('lets the superuser log in without a password, from this machine only; all others need one', async () => {
    const { default: pg } = await import('pg')
    const { ports } = stack.config
    const connectAs = async (url: string) => {
      const client = new pg.Client(url)
      try {
        await client.connect()
        return (await client.query<Record<string, string>>(`select current_setting('fsync') as fsync, current_setting('data_checksums') as checksums,
          current_setting('listen_addresses') as addresses, current_setting('server_encoding') as encoding`)).rows[0]
      }
      finally {
        await client.end()
      }
    }
    const settings = await connectAs(`postgres://postgres@localhost:${ports.postgres}/payments`)
    assert.deepEqual([settings?.fsync, settings?.checksums, settings?.encoding], ['on', 'on', 'UTF8'])
    assert.match(settings!.addresses!, /^127\.0\.0\.1(,::1)?$/)
    await assert.rejects(connectAs(`postgres://payments_api:wrong@localhost:${ports.postgres}/payments`), /password authentication failed/)
    await connectAs(stack.stack.endpoints().databaseUrl)
  })

  it('gets anchors from audits, which the schema\'s owner adds', async () => {
    assert.match((await stack.verb('audit')).stdout, /^Anchor 1:[0-9a-f]{64} covers/m)
    assert.match((await stack.verb('audit-anchor')).stdout, /^Anchor 2:[0-9a-f]{64}$/m)
    assert.match((await stack.verb('audit', { FULL: '1' })).stdout, /^All \d+ invariants hold\.$/m)
  })

  it('changes its number of workers, up and down', async () => {
    assert.match((await stack.verb('scale', { WORKERS: '3' })).stdout, /^Running with 3 healthy workers\.$/m)
    assert.ok(pidOf('worker-3'))
    assert.equal((await stack.verb('scale', { WORKERS: '1' })).code, 0)
    assert.equal(pidOf('worker-2'), undefined)
  })

  it('restarts a part that dies, and reports the death', async () => {
    for (const name of ['worker-1', 'api', 'ui', 'postgres']) {
      const before = pidOf(name)!
      stack.stack.kill(name)
      await until(`${name} runs again`, async () => pidOf(name)?.pid !== before.pid && (await stack.stack.parts()).find(part => part.name === name)?.health === 'ok')
    }
    await until('all are healthy', async () => (await stack.verb('status')).code === 0)
    assert.match((await stack.verb('status')).stdout, /postgres died .*killed by SIGKILL[\s\S]*\| /)
    assert.match((await stack.verb('up')).stdout, /worker-1 died .* ago \(killed by SIGKILL\) and was restarted\. Restarts so far: 1/)
  })

  it('restarts a part on request without reporting a death', async () => {
    const before = pidOf('api')!
    await stack.stack.restart('api')
    assert.notEqual(pidOf('api')!.pid, before.pid)
    assert.equal(stack.folder.readState()!.parts.find(part => part.name === 'api')!.lastDeath, null)
  })

  it('shows a paused part as paused and unhealthy until it is resumed', async () => {
    stack.stack.pause('api')
    const { code, stdout } = await stack.verb('status')
    assert.equal(code, 1)
    assert.match(stdout, /^api +paused .* no response in 2 s/m)
    stack.stack.resume('api')
    await until('all are healthy', async () => (await stack.verb('status')).code === 0)
  })

  it('prefixes each log line with the name of its part', async () => {
    const logs = stack.spawnVerb('logs')
    let output = ''
    logs.stdout!.on('data', chunk => output += chunk)
    await until('there are lines of every part', () => [
      'supervisor',
      'postgres  ',
      'api       ',
      'worker-1  ',
      'ui        ',
    ].every(part => output.includes(`${part} | `)))
    stack.stack.kill('worker-1')
    await until('the death is shown', () => /supervisor \| .* worker-1 died/.test(output))
    logs.kill('SIGINT')
    assert.deepEqual(await once(logs, 'exit'), [0, null])
    await until('all are healthy', async () => (await stack.verb('status')).code === 0)
  })

  it('recovers from a killed supervisor: status reports it, up ends the leftover parts and starts again', async () => {
    const left = stack.folder.readState()!
    process.kill(left.supervisor.pid, 'SIGKILL')
    await until('the supervisor is gone', () => !isAlive(left.supervisor))
    const status = await stack.verb('status')
    assert.equal(status.code, 1)
    assert.match(status.stdout, /left behind[\s\S]*The supervisor was killed/)
    assert.equal((await fetch(`http://127.0.0.1:${stack.config.ports.api}/ready`)).status, 200, 'the API keeps serving')
    const { code, stderr } = await stack.verb('up')
    assert.equal(code, 0, stderr)
    for (const part of left.parts)
      assert.ok(!isAlive(part.process!), `${part.name} of before still runs`)
    assert.equal((await stack.verb('status')).code, 0)
  })

  it('recovers from a killed supervisor: down ends the leftover parts', async () => {
    process.kill(stack.folder.readState()!.supervisor.pid, 'SIGKILL')
    const { code, stdout } = await stack.verb('down')
    assert.equal(code, 0)
    assert.match(stdout, /^Stopped in /)
    assert.deepEqual(stack.processes(), [])
  })

  it('is not mistaken for running after a reboot, when other processes have its pids', async () => {
    assert.equal((await stack.verb('up')).code, 0)
    const state = stack.folder.readState()!
    assert.equal((await stack.verb('down')).code, 0)
    const others = { ...state.supervisor, pid: process.pid, bootId: 'an earlier boot' }
    stack.folder.writeState({
      ...state,
      supervisor: others,
      parts: state.parts.map(part => ({ ...part, process: others })),
    })
    assert.match((await stack.verb('status')).stdout, /gone/)
    assert.equal((await stack.verb('up')).code, 0)
  })

  it('keeps its data across down and up, and leaves no process and no port after down', async () => {
    const { api } = stack.stack.endpoints()
    const created = await fetch(`${api}/payments`, {
      method: 'POST',
      headers: { 'Idempotency-Key': 'kept', 'Content-Type': 'application/json' },
      body: '{"accountId":"ACC-1","amount":1}',
    })
    assert.equal(created.status, 201)
    const { id } = await created.json() as { id: string }
    assert.equal((await stack.verb('down')).code, 0)
    assert.deepEqual(stack.processes(), [])
    for (const port of Object.values(stack.config.ports))
      assert.ok(await isFree(port))
    assert.equal((await stack.verb('up')).code, 0)
    assert.equal((await fetch(`${api}/payments/${id}`)).status, 200)
  })

  it('stops when its data folder is moved away', async () => {
    const running = stack.folder.readState()!
    renameSync(stack.config.dataDir, join(stack.parent, 'taken away'))
    signalTree(running.parts.find(part => part.name === 'worker-1')!.process!, 'SIGKILL') // so that the supervisor notices at once; Postgres would take a minute
    await until('nothing runs any more', () => stack.processes().length === 0, 60_000)
    assert.equal((await stack.verb('up')).code, 0)
  })

  it('leaves neither processes nor data after reset', async () => {
    const { code, stdout } = await stack.verb('reset')
    assert.equal(code, 0)
    assert.match(stdout, /all data .* is deleted/)
    assert.ok(!existsSync(stack.config.dataDir))
    assert.deepEqual(stack.processes(), [])
  })
})

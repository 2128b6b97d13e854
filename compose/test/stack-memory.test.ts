import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessCopy } from './support/harness-copy.ts'
import { skipWithout } from './support/skip-without.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

// A machine without Docker, as every verb sees it.
const NO_ENGINE = { MODE: '', DOCKER_HOST: 'unix:///var/empty/none.sock' }

describe('a stack whose data is in containers, when no engine responds', () => {
  let stack: TemporaryStack
  before(async () => {
    stack = await TemporaryStack.create(NO_ENGINE)
    stack.folder.create()
    stack.folder.remember({ mode: 'compose', project: 'payments-12345678' })
  })
  after(() => rmSync(stack.parent, { recursive: true }))

  for (const [verb, settings] of [['status', {}], ['validate', {}], ['audit', {}], ['scale', { WORKERS: '2' }], ['logs', {}], ['down', {}]] as const) {
    it(`is not taken for stopped by ${verb}`, async () => {
      const { code, stdout, stderr } = await stack.verb(verb, settings)
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.match(stderr, /^(?:No Docker engine|Docker is not installed).*\. This system's containers and data \(Compose project payments-12345678\) are out of reach until it does\. To use containers, .*\.\n$/)
    })
  }

  it('is not replaced by an empty one', async () => {
    const { code, stderr } = await stack.verb('up')
    assert.equal(code, 1)
    assert.match(stderr, /^.*, and this system's data is in its containers' volume\. .* To start another, empty system as plain processes: `make up MODE=embedded`\.\n$/)
    assert.deepEqual(stack.processes(), [])
  })

  it('is not replaced by an empty one of make service without a word', async () => {
    const service = stack.spawnVerb('service', { PART: 'postgres' })
    const ended = once(service, 'exit')
    let output = ''
    service.stderr!.on('data', chunk => output += chunk)
    try {
      await until('it says so', () => output !== '', 30_000)
    }
    finally {
      service.kill('SIGTERM')
      await ended
    }
    assert.match(output, /^This system's data is in containers\. `make service` runs processes, which have another database; `make up` runs the containers\.$/m)
  }).timeout(60_000)

  it('is not reported as deleted', async () => {
    mkdirSync(stack.folder.postgres, { recursive: true })
    writeFileSync(join(stack.folder.postgres, 'PG_VERSION'), '18\n')
    const { code, stderr } = await stack.verb('reset')
    assert.equal(code, 1)
    assert.match(stderr, /^.*, so the data in containers cannot be deleted\. Nothing was deleted\. .*\.\n$/)
    assert.ok(existsSync(join(stack.folder.postgres, 'PG_VERSION')))
  })
})

describe('a clone that no verb has run in, when no engine responds', () => {
  it('may have containers of a plain `docker compose up`: status says so', async function () {
    skipWithout('docker', this)
    const copy = new HarnessCopy()
    try {
      const { code, stdout, stderr } = await copy.verb('status', NO_ENGINE)
      assert.equal(code, 1)
      assert.match(stdout, /^Nothing is running here\./)
      assert.match(stderr, /^No Docker engine.*\. If `docker compose up` has run here, its containers and data are out of reach until an engine responds\.\n$/)
    }
    finally {
      copy.remove()
    }
  })
})

describe('make up PORTS=auto', () => {
  let stack: TemporaryStack
  before(async () => {
    const { DATA_DIR, ...settings } = (stack = await TemporaryStack.create()).env
    for (const port of ['PGPORT', 'API_PORT', 'UI_PORT'])
      delete stack.env[port]
    assert.ok(DATA_DIR && settings)
  })
  after(() => stack.remove())

  it('finds free ports, shows them, and uses them again', async () => {
    const first = await stack.verb('up', { PORTS: 'auto' })
    assert.equal(first.code, 0, first.stderr)
    const { ui, api, postgresPort } = stack.stack.endpoints()
    for (const address of [ui, api, `-p ${postgresPort}`])
      assert.ok(first.stdout.includes(address), address)
    assert.ok(![5432, 3000, 3001].includes(postgresPort))
    assert.match((await stack.verb('validate')).stdout, /ALL VALIDATION CHECKS PASSED/)
    assert.equal((await stack.verb('down')).code, 0)
    assert.equal((await stack.verb('up')).code, 0)
    assert.deepEqual(stack.stack.endpoints(), { ...stack.stack.endpoints(), ui, api, postgresPort })
  }).timeout(120_000)

  it('gives the console the address of this API for the commands that it shows', async () => {
    const { ui, api } = stack.stack.endpoints()
    const page = await (await fetch(ui)).text()
    assert.ok(page.includes(api), `${ui} does not mention ${api}`)
  })

  it('applies a number of APIs and workers to the running system', async () => {
    const { code, stdout, stderr } = await stack.verb('up', { APIS: '2', WORKERS: '2' })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^The system was running already\. It is up to date now/m)
    const names = (await stack.stack.parts()).map(({ name }) => name).sort()
    assert.deepEqual(names, ['api', 'api-2', 'postgres', 'ui', 'worker-1', 'worker-2'])
    assert.equal((await stack.verb('up', { APIS: '1' })).code, 0)
    assert.deepEqual((await stack.stack.parts()).map(({ name }) => name).sort(), ['api', 'postgres', 'ui', 'worker-1', 'worker-2'])
  }).timeout(120_000)

  it('says which settings the running system does not get', async () => {
    const { code, stdout } = await stack.verb('up', { LOG_LEVEL: 'debug', API_PORT: '25999' })
    assert.equal(code, 0)
    assert.match(stdout, /^API_PORT, LOG_LEVEL were not applied: the system already runs with other settings\. To change them, run `make down` first\.$/m)
    assert.doesNotMatch((await stack.verb('up', { LOG_LEVEL: 'info' })).stdout, /not applied/)
  }).timeout(60_000)

  it('resumes a frozen part', async () => {
    stack.stack.pause('api')
    const { code, stdout, stderr } = await stack.verb('up')
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^The system was running already\. It is up to date now/m)
    assert.doesNotMatch(stdout, /not healthy/)
    assert.ok((await stack.stack.parts()).every(({ state, health }) => state === 'running' && health === 'ok'))
  }).timeout(120_000)
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { until } from '../support/until.ts'

describe('make up with MODE=compose leaves nothing half started', () => {
  let system: TemporaryStack
  before(async () => system = await TemporaryStack.create({ MODE: 'compose' }))
  after(() => system?.remove())

  it('when a base image cannot be pulled, and says so in one line', async () => {
    const { code, stderr } = await system.verb('up', { POSTGRES_IMAGE: '127.0.0.1:1/postgres:none' })
    assert.equal(code, 1)
    assert.match(stderr, /^The base image 127\.0\.0\.1:1\/postgres:none could not be downloaded\. .*MODE=embedded.*\n$/)
    assert.deepEqual(system.processes(), [])
  })

  it('when a port is taken, and names the process that holds it in one line', async () => {
    const server = createServer().listen(system.config.ports.api, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { code, stderr } = await system.verb('up')
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`^Port ${system.config.ports.api} \\(API\\) is in use by pid ${process.pid} .*\n$`))
      assert.deepEqual(system.processes(), [])
    }
    finally {
      server.close()
    }
  })

  for (const at of ['images', 'postgres', 'api']) {
    it(`after a Ctrl-C in the step after ${at}`, async () => {
      const up = system.spawnVerb('up')
      const stderr = text(up.stderr!)
      let output = ''
      up.stdout!.on('data', chunk => output += chunk)
      await until(`${at} is done`, () => new RegExp(`^ +${at} `, 'm').test(output), 180_000)
      up.kill('SIGINT')
      assert.deepEqual(await once(up, 'exit'), [1, null])
      assert.match(await stderr, /^Stopped\. Nothing is left running\.\n$/)
      assert.deepEqual(system.processes(), [])
    })
  }
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { settled, startLoad } from './support/load.ts'
import { TemporaryStack } from './support/temporary-stack.ts'

describe('make redeploy, with processes', () => {
  let system: TemporaryStack
  before(async () => {
    system = await TemporaryStack.create()
    assert.equal((await system.verb('up')).code, 0)
  })
  after(() => system?.remove())

  const pidOf = (name: string) => system.folder.readState()!.parts.find(part => part.name === name)!.process!.pid

  it('replaces the API under load without a failed request', async () => {
    const { api } = system.stack.endpoints()
    const before = pidOf('api')
    const load = startLoad(api)
    await load.reach(200)
    const { code, stdout, stderr } = await system.verb('redeploy', { PART: 'api' })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Redeployed api in [\d.]+ s\.$/m)
    await load.reach(200)
    const { failures, ids } = await load.stop()
    assert.deepEqual(failures, [])
    await settled(api, ids)
    assert.notEqual(pidOf('api'), before)
  })

  it('gives the new API none of the supervisor\'s variables', () => {
    assert.doesNotMatch(readFileSync(`/proc/${pidOf('api')}/environ`, 'utf8'), /(?:^|\0)(?:DATA_DIR|MODE)=/)
  })

  it('replaces the worker and the console', async () => {
    for (const [service, name] of [['worker', 'worker-1'], ['ui', 'ui']] as const) {
      const before = pidOf(name)
      assert.equal((await system.verb('redeploy', { PART: service })).code, 0)
      assert.notEqual(pidOf(name), before)
    }
    assert.equal((await system.verb('status')).code, 0)
  })

  it('refuses other parts, and a system that does not run', async () => {
    assert.match((await system.verb('redeploy', { PART: 'postgres' })).stderr, /^PART=postgres cannot be redeployed\. The services are api, worker, ui, proxy/)
    assert.match((await system.verb('redeploy', { PART: 'proxy' })).stderr, /^Only containers have a proxy/)
    assert.equal((await system.verb('down')).code, 0)
    assert.match((await system.verb('redeploy', { PART: 'api' })).stderr, /^Nothing is running here/)
  })
})

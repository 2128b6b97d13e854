import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readConfig, repoRoot } from '../src/config.ts'
import { Swarm } from '../src/swarm/swarm-node.ts'
import { SwarmStack } from '../src/swarm/swarm-stack.ts'

// A fake docker command stands for an engine in each state, since no single machine has them all.
describe('an engine in a swarm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
  after(() => rmSync(folder, { recursive: true }))

  function exists(state: string, managing: boolean): Promise<boolean> {
    const swarm = JSON.stringify({ LocalNodeState: state, ControlAvailable: managing, NodeID: 'n' })
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\ncase "$*" in compose*) echo 2.40.3 ;; *json*) echo '${swarm}' ;; *) echo 28.2.2 2 ;; esac\n`)
    chmodSync(join(folder, 'docker'), 0o755)
    return new Swarm({ PATH: `${folder}:/usr/bin:/bin` }).exists()
  }

  it('deploys as a manager', async () => {
    assert.equal(await exists('active', true), true)
  })

  it('is not in a swarm: swarm-up will create one', async () => {
    assert.equal(await exists('inactive', false), false)
  })

  for (const [state, line] of [
    ['active', /^This engine is a worker of its swarm, and only a manager can deploy\. Run this on a manager/],
    ['locked', /^The swarm of this engine is locked\. Unlock it with `docker swarm unlock`\.$/],
    ['pending', /^This engine has not joined its swarm \(pending\)\. `docker info` says why/],
  ] as const) {
    it(`is refused in one line: ${state}`, async () => {
      await assert.rejects(exists(state, false), { name: 'Refusal', message: line })
    })
  }

  it('needs Docker, and says so in one line', async () => {
    await assert.rejects(new Swarm({ PATH: join(folder, 'none') }).exists(), { name: 'Refusal', message: /^Docker is not installed\. .* `make up` needs no Docker\.$/ })
  })
})

describe('the volume of a swarm stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const volume = () => new SwarmStack(readConfig({ DATA_DIR: folder })).volume

  it('is none of those of `docker compose up`, even though both are named payments', () => {
    const { name, volumes } = parse(readFileSync(join(repoRoot, 'compose/compose.yaml'), 'utf8')) as { name: string, volumes: object }
    assert.equal(volume(), 'payments-swarm_postgres')
    assert.ok(!Object.keys(volumes).some(key => `${name}_${key}` === volume()))
  })

  it('keeps the name under which it was deployed', () => {
    mkdirSync(join(folder, 'swarm'))
    writeFileSync(join(folder, 'swarm/database.json'), JSON.stringify({ volumes: { postgres: { name: 'payments_postgres' } } }))
    assert.equal(volume(), 'payments_postgres')
  })
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { repoRoot } from '../src/config.ts'
import { stackFile } from '../src/swarm/stack-file.ts'

const file = parse(readFileSync(join(repoRoot, 'compose/compose.yaml'), 'utf8'), { merge: true }) as { services: Record<string, { build?: unknown, pull_policy?: string }> }

describe('compose.yaml', () => {
  it('builds changed sources at each `docker compose up`', () => {
    const built = Object.entries(file.services).filter(([, service]) => service.build)
    assert.ok(built.length > 0)
    assert.deepEqual(built.filter(([, { pull_policy }]) => pull_policy !== 'build').map(([name]) => name), [])
  })

  it('loses what `docker stack deploy` rejects when it becomes a stack file', () => {
    const api = { image: 'payments/api', build: {}, pull_policy: 'build', develop: {}, depends_on: {}, restart: 'no', deploy: { resources: { limits: {} } } }
    const { services } = stackFile(JSON.stringify({ services: { api }, networks: {}, volumes: {}, secrets: {} }))
    assert.deepEqual(Object.keys(services.api ?? {}).sort(), ['deploy', 'image', 'volumes'])
  })
})

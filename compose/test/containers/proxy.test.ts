import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { until } from '../support/until.ts'

/** Stands in for the API, which does not show the headers of a request: responds with the address of the caller. */
const ECHO = `require('http').createServer((req, res) => res.end(req.headers['x-forwarded-for'])).listen(3001)`

describe('the proxy', () => {
  const name = `payments-test-${randomBytes(4).toString('hex')}`
  before(() => {
    docker('build', '--quiet', '--build-arg', 'DEBIAN_IMAGE=debian:bookworm-slim', '--tag', name, join(repoRoot, 'compose/proxy'))
    docker('network', 'create', name)
    docker('run', '--detach', '--name', `${name}-api`, '--network', name, '--network-alias', 'api', '--entrypoint', 'node', 'node:24-bookworm-slim', '--eval', ECHO)
    docker('run', '--detach', '--name', name, '--network', name, '--publish', '127.0.0.1::3001', name)
  })
  after(() => {
    docker('rm', '--force', '--volumes', name, `${name}-api`)
    docker('network', 'rm', name)
    docker('image', 'rm', '--force', name)
  })

  it('tells the API the address of the caller', async () => {
    const address = docker('port', name, '3001')
    const forwarded = await until('the proxy has found the API', async () => {
      const response = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
      return response?.ok ? response.text() : null
    }, 60_000)
    assert.equal(forwarded, docker('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', name))
  })
})

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
}

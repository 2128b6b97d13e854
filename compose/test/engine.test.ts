import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askEngine } from '../src/docker/engine.ts'
import { explainDocker } from '../src/docker/explain-docker.ts'
import { chooseMode } from '../src/open-stack.ts'
import { TemporaryStack } from './support/temporary-stack.ts'

// Every problem with Docker is reported in one line that says what is wrong and what to do.
describe('the Docker engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
  const { PATH } = process.env
  const client = () => spawnSync('docker', ['--version']).status === 0
  after(() => rmSync(folder, { recursive: true }))

  it('is reported as not installed', () => {
    assert.equal(askEngine({ PATH: folder }).problem, 'Docker is not installed')
  })

  it('is reported as not running', function () {
    if (!client())
      return this.skip()
    assert.match(askEngine({ PATH, DOCKER_HOST: `unix://${folder}/none.sock` }).problem!, /^no Docker engine runs: start it/)
  })

  it('is reported as unresponsive', async function () {
    if (!client())
      return this.skip()
    const socket = join(folder, 'silent.sock')
    const server = createServer(() => {})
    await new Promise<void>(resolve => server.listen(socket, resolve))
    try {
      assert.match(askEngine({ PATH, DOCKER_HOST: `unix://${socket}` }).problem!, /^the Docker engine does not answer within 10 s: restart it/)
    }
    finally {
      server.close()
    }
  })

  it('is reported with a Docker Compose that is too old', function () {
    if (askEngine(process.env).problem !== null)
      return this.skip()
    const plugins = join(folder, 'cli-plugins')
    mkdirSync(plugins)
    const plugin = join(plugins, 'docker-compose')
    writeFileSync(plugin, '#!/bin/sh\n[ "$1" = docker-cli-plugin-metadata ] && echo \'{"SchemaVersion":"0.1.0","Vendor":"x"}\' || echo 2.10.2\n')
    chmodSync(plugin, 0o755)
    assert.match(askEngine({ PATH, DOCKER_CONFIG: folder }).problem!, /^Docker Compose 2\.10\.2 is too old: version 2\.25 or newer is needed/)
  })

  it('is optional: make up says in one line why it runs without, and MODE=compose refuses in one line', async () => {
    const stack = await TemporaryStack.create({ MODE: '', DOCKER_HOST: `unix://${folder}/none.sock` })
    try {
      const said: string[] = []
      assert.equal(chooseMode(stack.config, line => said.push(line)), 'embedded')
      assert.equal(said.length, 1)
      assert.match(said[0]!, /^No containers: .*\. The parts run as plain processes on an embedded Postgres \(MODE=embedded\)\.$/)
      const up = await stack.verb('up', { MODE: 'compose' })
      assert.deepEqual([up.code, up.stdout], [1, ''])
      assert.match(up.stderr, /^.*; or MODE=embedded make up, which needs no Docker\n$/)
    }
    finally {
      await stack.remove()
    }
  })
})

describe('a docker command that fails', () => {
  const cases: [said: string, meaning: RegExp][] = [
    ['write /var/lib/docker/tmp/x: no space left on device', /^the disk of the Docker engine is full: docker system df/],
    ['Got permission denied while trying to connect to the Docker daemon socket', /^you may not use the Docker engine: sudo usermod/],
    ['Bind for 127.0.0.1:3001 failed: port is already allocated', /^a port was taken by somebody else meanwhile/],
    [' > [api internal] load metadata for docker.io/library/node:24-bookworm-slim:', /^the base image node:24-bookworm-slim cannot be had/],
    ['failed to do request: Head "https://registry-1.docker.io/v2/library/postgres/manifests/18": dial tcp', /^the base image postgres:18 cannot be had/],
    ['unknown flag: --detach', /^the docker command is too old for a swarm: version 26/],
    ['Error response from daemon: rpc error: code = InvalidArgument desc = only updates to Labels are allowed', /^the swarm has other passwords than this clone/],
    ['npm error code EAI_AGAIN', /^the npm registry cannot be reached from a container \(EAI_AGAIN\)/],
  ]
  for (const [said, meaning] of cases) {
    it(`is explained: ${said}`, () => {
      const { message, details } = explainDocker(['compose', 'build'], 'exit code 1', ['#1 building', said, 'failed to solve'])
      assert.match(message, meaning)
      assert.deepEqual(details, [])
    })
  }

  it('is shown with its last lines when its failure is unknown', () => {
    const { message, details } = explainDocker(['compose', 'up'], 'exit code 7', ['something new'])
    assert.equal(message, 'docker compose up failed: exit code 7')
    assert.deepEqual(details, ['something new'])
  })
})

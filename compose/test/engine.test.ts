import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { checkEngine } from '../src/docker/engine.ts'
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
    const { problem, remedy } = checkEngine({ PATH: folder })
    assert.equal(problem, 'Docker is not installed')
    assert.match(remedy, /^To use containers, install Docker: /)
  })

  it('is reported as not running', function () {
    if (!client())
      return this.skip()
    const { problem, remedy } = checkEngine({ PATH, DOCKER_HOST: `unix://${folder}/none.sock` })
    assert.equal(problem, 'No Docker engine is running')
    assert.match(remedy, /^To use containers, start Docker: /)
  })

  it('is reported as unresponsive', async function () {
    if (!client())
      return this.skip()
    const socket = join(folder, 'silent.sock')
    const server = createServer(() => {})
    await new Promise<void>(resolve => server.listen(socket, resolve))
    try {
      const { problem, remedy } = checkEngine({ PATH, DOCKER_HOST: `unix://${socket}` })
      assert.equal(problem, 'The Docker engine did not respond within 10 s')
      assert.match(remedy, /^To use containers, restart Docker: /)
    }
    finally {
      server.close()
    }
  })

  it('is reported with a Docker Compose that is too old', function () {
    if (checkEngine(process.env).problem !== null)
      return this.skip()
    const plugins = join(folder, 'cli-plugins')
    mkdirSync(plugins)
    const plugin = join(plugins, 'docker-compose')
    writeFileSync(plugin, '#!/bin/sh\n[ "$1" = docker-cli-plugin-metadata ] && echo \'{"SchemaVersion":"0.1.0","Vendor":"x"}\' || echo 2.10.2\n')
    chmodSync(plugin, 0o755)
    const { problem, remedy } = checkEngine({ PATH, DOCKER_CONFIG: folder })
    assert.equal(problem, 'Docker Compose 2.10.2 is too old')
    assert.match(remedy, /^To use containers, install Docker Compose 2\.25 or newer: /)
  })

  it('is optional: make up says in one line why it runs without Docker, and MODE=compose refuses in one line', async () => {
    const stack = await TemporaryStack.create({ MODE: '', DOCKER_HOST: `unix://${folder}/none.sock` })
    try {
      const printed: string[] = []
      assert.equal(chooseMode(stack.config, line => printed.push(line)), 'embedded')
      assert.equal(printed.length, 1)
      assert.match(printed[0]!, /^.*[^.], so the system starts as plain processes \(MODE=embedded\)\. To use containers, .*\.$/)
      const up = await stack.verb('up', { MODE: 'compose' })
      assert.deepEqual([up.code, up.stdout], [1, ''])
      assert.match(up.stderr, /^.*\. Without Docker: `make up MODE=embedded`\.\n$/)
    }
    finally {
      await stack.remove()
    }
  })
})

describe('make test ENGINE=1', () => {
  it('fails without an engine before any check runs', () => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ENGINE: '1', ONLY: 'in containers', DOCKER_HOST: 'unix:///var/empty/none.sock' }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(repoRoot, 'compose/src/verbs/test.ts')], { env, encoding: 'utf8', timeout: 60_000 })
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^.*, and ENGINE=1 needs one for the checks in containers\. To use containers, .*\.\n$/)
  })
})

describe('a docker command that fails', () => {
  const cases: [printed: string, meaning: RegExp][] = [
    ['write /var/lib/docker/tmp/x: no space left on device', /^The disk of the Docker engine is full\. `docker system df`/],
    ['Got permission denied while trying to connect to the Docker daemon socket', /^Your user may not use the Docker engine\. Run `sudo usermod/],
    ['Bind for 127.0.0.1:3001 failed: port is already allocated', /^Another process took a port during the start/],
    [' > [api internal] load metadata for docker.io/library/node:24-bookworm-slim:', /^The base image node:24-bookworm-slim could not be downloaded/],
    ['failed to do request: Head "https://registry-1.docker.io/v2/library/postgres/manifests/18": dial tcp', /^The base image postgres:18 could not be downloaded/],
    ['unknown flag: --detach', /^The docker command is too old for a swarm\. Install version 26/],
    ['Error response from daemon: rpc error: code = InvalidArgument desc = only updates to Labels are allowed', /^The passwords of the swarm differ from those of this clone/],
    ['npm error code EAI_AGAIN', /^A container could not reach the npm registry \(EAI_AGAIN\)/],
  ]
  for (const [printed, meaning] of cases) {
    it(`is explained: ${printed}`, () => {
      const { message, details } = explainDocker(['compose', 'build'], 'exit code 1', ['#1 building', printed, 'failed to solve'])
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

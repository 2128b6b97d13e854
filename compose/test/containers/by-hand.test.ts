import type { Ran } from '../support/run.ts'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyTree } from '../../src/contracts/copy-tree.ts'
import { freePort } from '../../src/machine/ports.ts'
import { run } from '../support/run.ts'

const DATA = 'payments_postgres'

// In a copy of the tree with its default data folder: only that folder's system is the one of `docker compose up`.
describe('docker compose up by hand', () => {
  let tree: string
  let env: Record<string, string>
  before(async function () {
    if (docker('volume', 'ls', '--quiet', '--filter', `name=^${DATA}$`) !== '' || docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.project=payments') !== '') {
      console.log('      skipped: the Compose project payments is in use on this machine')
      return this.skip()
    }
    tree = mkdtempSync(join(tmpdir(), 'payments-test-tree-'))
    await copyTree(tree)
    const { PATH = '', HOME = '' } = process.env
    env = { PATH, HOME, IMAGES: 'payments-by-hand', PGPORT: String(await freePort()), API_PORT: String(await freePort()), UI_PORT: String(await freePort()) }
  })
  after(async () => {
    if (!tree)
      return
    await verb('reset')
    compose('down', '--volumes', '--rmi', 'all')
    docker('volume', 'rm', '--force', DATA)
    rmSync(tree, { recursive: true })
  })

  it('is remembered by the first verb that sees it, and named while no engine responds', async () => {
    compose('up', '--detach', 'postgres')
    assert.match((await verb('status')).stdout, /^postgres +(?:running|starting)/m)
    const { code, stderr } = await verb('status', { DOCKER_HOST: 'unix:///var/empty/none.sock' })
    assert.equal(code, 1)
    assert.match(stderr, /This system's containers and data \(Compose project payments\) are out of reach/)
  })

  it('has its data deleted by make reset, also after `docker compose down`', async () => {
    compose('down')
    assert.equal((await verb('reset')).code, 0)
    assert.equal(docker('volume', 'ls', '--quiet', '--filter', `name=^${DATA}$`), '')
  })

  it('is named by make reset if no verb has seen it, since its data may be of another clone', async () => {
    compose('up', '--detach', 'postgres')
    compose('down')
    assert.match((await verb('reset')).stdout, new RegExp(`^The volume ${DATA} is left: it may be the data of another clone\\. `, 'm'))
    assert.equal(docker('volume', 'ls', '--quiet', '--filter', `name=^${DATA}$`), DATA)
    compose('down', '--volumes')
  })

  it('runs the system of make up in the root, also if that has another project and other ports', async () => {
    docker('volume', 'create', '--label', 'com.docker.stack.namespace=payments', DATA)
    const { code, stdout, stderr } = await verb('up')
    assert.equal(code, 0, stdout + stderr)
    const project = /^The Compose project payments belongs to the swarm stack payments, so this clone uses (payments-\w{8})\.$/m.exec(stdout)?.[1]
    assert.ok(project, stdout)
    for (const variable of ['PGPORT', 'API_PORT', 'UI_PORT'])
      delete env[variable]
    // Without `ready`, which only prints where everything is.
    const ids = () => docker('ps', '--filter', `label=com.docker.compose.project=${project}`, '--format', '{{.ID}} {{.Label "com.docker.compose.service"}}').split('\n').filter(line => !line.endsWith(' ready')).sort()
    const before = ids()
    assert.equal(before.length, 5)
    compose('up', '--detach', '--no-build')
    assert.deepEqual(ids(), before)
    assert.equal(docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.project=payments'), '')
    assert.equal((await verb('reset')).code, 0)
    assert.ok(!existsSync(join(tree, '.env')))
    assert.equal(docker('volume', 'ls', '--quiet', '--filter', 'label=com.docker.stack.namespace=payments'), DATA)
  }).timeout(900_000)

  function verb(name: string, settings: Record<string, string> = {}): Promise<Ran> {
    return run(join(tree, 'compose'), { ...env, ...settings }, process.execPath, `src/verbs/${name}.ts`)
  }

  function compose(...args: string[]): void {
    execFileSync('docker', ['compose', ...args], { cwd: tree, env, stdio: 'pipe' })
  }
})

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
}

import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { run } from './support/run.ts'

// Stands in for Docker's client on a machine with a running engine. Everything else fails, as a build without sources does.
const DOCKER = `#!/bin/bash
case "$*" in
  info*) echo 28.0.0 2;;
  'compose version'*) echo 2.40.3;;
  ps*|service*|node*|system*) ;;
  *) echo "unable to prepare context: path \\"/payments-api\\" not found" >&2; exit 1;;
esac
`

describe('a clone of the harness without its services', () => {
  let clone: string
  let env: Record<string, string>
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'payments-test-'))
    for (const path of ['Makefile', 'workspace.json', 'compose/src', 'compose/package.json', 'compose/compose.yaml', 'compose/.env'])
      cpSync(join(repoRoot, path), join(clone, path), { recursive: true })
    symlinkSync(join(repoRoot, 'compose/node_modules'), join(clone, 'compose/node_modules'))
    mkdirSync(join(clone, 'bin'))
    writeFileSync(join(clone, 'bin/docker'), DOCKER)
    chmodSync(join(clone, 'bin/docker'), 0o755)
    const { PATH = '', HOME = '' } = process.env
    env = { PATH: `${join(clone, 'bin')}:${PATH}`, HOME, DATA_DIR: join(clone, 'data') }
  })
  afterEach(() => rmSync(clone, { recursive: true }))

  const verb = (name: string, settings: Record<string, string> = {}) => run(clone, { ...env, ...settings }, process.execPath, `compose/src/verbs/${name}.ts`)

  for (const [name, settings] of [['up', {}], ['up', { MODE: 'compose' }], ['up', { MODE: 'embedded' }], ['swarm-up', {}]] as const) {
    it(`is told to clone them by ${name} ${JSON.stringify(settings)}, in one line, and nothing is left behind`, async () => {
      assert.deepEqual(await verb(name, settings), { code: 1, stdout: '', stderr: 'payments-api, recon-worker, payments-ui are missing. Clone them with `make workspace`.\n' })
      assert.ok(!existsSync(env.DATA_DIR!))
    })
  }

  it('is told what stands in the way of a clone', async () => {
    for (const name of ['payments-api', 'payments-ui', 'recon-worker'])
      mkdirSync(join(clone, name))
    writeFileSync(join(clone, 'payments-ui/package.json'), '{}')
    writeFileSync(join(clone, 'payments-api/README.md'), '')
    assert.equal((await verb('up')).stderr, 'payments-api, recon-worker are missing. Move payments-api away, since its folder holds something else. Clone them with `make workspace`.\n')
  })
})

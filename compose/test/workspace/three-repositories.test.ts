import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../../src/config.ts'
import { freePort } from '../../src/machine/ports.ts'
import { pay } from '../support/pay.ts'
import { run, succeed } from '../support/run.ts'
import { skipWithout } from '../support/skip-without.ts'
import { until } from '../support/until.ts'

const SERVICES = ['payments-api', 'recon-worker', 'payments-ui']
const HARNESS = 'payments-system'
const AUTHOR = { GIT_AUTHOR_NAME: 'Test', GIT_AUTHOR_EMAIL: 'test@localhost', GIT_COMMITTER_NAME: 'Test', GIT_COMMITTER_EMAIL: 'test@localhost' }

describe('three repositories', function () {
  this.timeout(600_000)
  const parent = mkdtempSync(join(tmpdir(), 'payments-test-'))
  const origin = join(parent, 'origin')
  const split = join(parent, 'split')
  const remotes = join(parent, 'remotes')
  const workspace = join(parent, 'workspace')
  let env: Record<string, string>
  let api: string

  const git = (folder: string, ...args: string[]) => succeed(folder, env, 'git', ...args)
  // Links the harness's dependencies, since installing them takes a minute.
  const borrowDependencies = (folder: string) => symlinkSync(join(repoRoot, 'compose/node_modules'), join(folder, 'compose/node_modules'))
  const verb = (folder: string, name: string, settings: Record<string, string>) =>
    run(join(folder, 'compose'), { ...env, ...settings }, process.execPath, `src/verbs/${name}.ts`)
  const make = (folder: string, ...args: string[]) => succeed(folder, env, 'make', ...args)

  before(async function () {
    skipWithout('git', this)
    chmodSync(parent, 0o711) // started as root, Postgres runs as another user
    const [PGPORT, API_PORT, UI_PORT] = [String(await freePort()), String(await freePort()), String(await freePort())]
    const { PATH = '', HOME = '' } = process.env
    env = {
      PATH,
      HOME,
      ...AUTHOR,
      PGPORT,
      API_PORT,
      UI_PORT,
      MODE: 'embedded',
      DATA_DIR: join(parent, 'data'),
      npm_config_prefer_offline: 'true',
    }
    api = `http://localhost:${API_PORT}`
    // This working tree, uncommitted changes included, on top of its history if this is a git clone.
    if (existsSync(join(repoRoot, '.git')))
      await git(parent, 'clone', '--quiet', '--no-checkout', repoRoot, origin)
    else
      await git(parent, 'init', '--quiet', origin)
    await git(origin, `--work-tree=${repoRoot}`, 'add', '--all')
    await git(origin, `--work-tree=${repoRoot}`, 'commit', '--quiet', '--allow-empty', '--message', 'As it is now')
    await git(origin, 'checkout', '--quiet', '--force', 'HEAD')
    borrowDependencies(origin)
    const { code, stderr } = await verb(origin, 'split', { DEST: split })
    assert.equal(code, 0, stderr)
    for (const name of [...SERVICES, HARNESS])
      await git(parent, 'clone', '--quiet', '--bare', join(split, name), join(remotes, `${name}.git`))
  })

  after(async () => {
    if (existsSync(join(workspace, 'Makefile')))
      await run(workspace, env, 'make', 'reset')
    rmSync(parent, { recursive: true, force: true })
  })

  it('hold all files of the tree between them, each with the history of its files', async () => {
    const files = async (folder: string) => (await git(folder, 'ls-files')).trim().split('\n')
    const all = await files(origin)
    assert.deepEqual([...await files(join(split, HARNESS)), ...(await Promise.all(SERVICES.map(async name =>
      (await files(join(split, name))).map(file => `${name}/${file}`)))).flat()].sort(), all.sort())
    for (const name of SERVICES) {
      const log = (folder: string, ...paths: string[]) => git(folder, 'log', '--topo-order', '--format=%an %ae %aI %cI %s', '--', ...paths)
      assert.equal(await log(join(split, name)), await log(origin, name))
      assert.equal(await git(join(split, name), 'status', '--porcelain'), '')
    }
  })

  it('are not written into a folder that already has them', async () => {
    const { code, stderr } = await verb(origin, 'split', { DEST: split })
    assert.equal(code, 1)
    assert.match(stderr, /^.*split is not an empty folder\. Choose another one: `make split DEST=folder`\.\n$/)
  })

  it('start at the same commit as a shallow clone, and say so in one line', async () => {
    const [shallow, pieces] = [join(parent, 'shallow'), join(parent, 'pieces')]
    await git(parent, 'clone', '--quiet', '--depth', '1', `file://${origin}`, shallow)
    borrowDependencies(shallow)
    const { code, stdout, stderr } = await verb(shallow, 'split', { DEST: pieces })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^This clone is shallow, .* `git fetch --unshallow` first\.$/m)
    for (const name of [...SERVICES, HARNESS])
      assert.equal(await git(join(pieces, name), 'rev-list', '--count', 'HEAD'), '1\n')
    assert.equal(await git(join(pieces, HARNESS), 'rev-parse', 'HEAD:compose'), await git(origin, 'rev-parse', 'HEAD:compose'))
  })

  it('say which of them cannot be cloned and why, and clone the others', async () => {
    const bad = join(parent, 'bad')
    await git(parent, 'clone', '--quiet', join(remotes, `${HARNESS}.git`), bad)
    borrowDependencies(bad)
    const away = await verb(bad, 'workspace', { REPO_BASE: 'https://name:secret@127.0.0.1:1/owner/' })
    assert.deepEqual([away.code, away.stdout], [1, ''])
    assert.deepEqual(away.stderr.match(/^\S+ could not be cloned from https:\/\/127\.0\.0\.1:1\/owner\/[\w-]+, branch main: .*Failed to connect/gm)?.length, 3, away.stderr)
    assert.match(away.stderr, /^To clone from elsewhere: `make workspace REPO_BASE=.*\n$/m)

    writeFileSync(join(bad, 'workspace.json'), '{"payments-api": "main", "recon-worker": "no-such-branch", "no-such-service": "main"}')
    const { code, stdout, stderr } = await verb(bad, 'workspace', { REPO_BASE: `${remotes}/` })
    assert.equal(code, 1)
    assert.match(stdout, /^payments-api +cloned from .*remotes\/payments-api, branch main/m)
    assert.match(stderr, /^recon-worker could not be cloned from .*, branch no-such-branch: .*no-such-branch.* not found/m)
    assert.match(stderr, /^no-such-service could not be cloned from .*: .*no-such-service.* does not exist/m)
    rmSync(bad, { recursive: true, force: true })
  })

  it('become a running workspace, starting from the harness alone', async () => {
    await git(parent, 'clone', '--quiet', join(remotes, `${HARNESS}.git`), workspace)
    assert.ok(!existsSync(join(workspace, 'payments-api')))
    const { code, stderr } = await run(workspace, env, 'make', 'build')
    assert.notEqual(code, 0)
    assert.match(stderr, /^payments-ui is missing\. Clone it with `make workspace`\.$/m)

    const output = await make(workspace, 'workspace', 'up', 'validate')
    assert.match(output, /✅ ALL VALIDATION CHECKS PASSED/)
    for (const name of SERVICES)
      assert.match(output, new RegExp(`^${name} +cloned from .*remotes/${name}, branch main`, 'm'))
    assert.equal(await git(workspace, 'status', '--porcelain'), '', 'git offers nothing of the services to the harness')
    assert.match(await make(workspace, 'workspace'), /payments-api +already here, left unchanged/)
  })

  it('take a change across two of them, which runs before it is pushed to each', async () => {
    const replace = (file: string, before: string, after: string) => {
      const text = readFileSync(join(workspace, file), 'utf8')
      assert.ok(text.includes(before), `${file} has ${before}`)
      writeFileSync(join(workspace, file), text.replace(before, after))
    }
    replace('recon-worker/src/reconcile.ts', `'the amount is zero'`, `'nothing to post'`)
    replace('payments-api/src/http/detail-json.ts', 'notes: row.notes', `notes: row.notes && \`\${row.notes} (says the worker)\``)
    await make(workspace, 'down', 'up')
    const id = await pay(api, { accountId: 'two-repositories', amount: '0' })
    const notes = await until('the payment is reconciled', async () => {
      const payment = await (await fetch(`${api}/payments/${id}`)).json() as { reconciliation: { notes: string } | null }
      return payment.reconciliation?.notes
    })
    assert.equal(notes, 'nothing to post (says the worker)')

    assert.equal(await git(workspace, 'status', '--porcelain'), '')
    for (const [name, file] of [['recon-worker', 'src/reconcile.ts'], ['payments-api', 'src/http/detail-json.ts']] as const) {
      assert.equal(await git(join(workspace, name), 'status', '--porcelain'), ` M ${file}\n`)
      await git(join(workspace, name), 'commit', '--quiet', '--all', '--message', 'Say that it is the worker who says so')
      await git(join(workspace, name), 'push', '--quiet')
    }
    assert.equal(await git(join(workspace, 'payments-ui'), 'status', '--porcelain'), '')
  })

  // `make test` runs all tests from this tree. Here a few of each service run, including those that read the contracts.
  for (const [name, ...command] of [
    ['payments-api', 'npx', 'mocha', '--no-config', '--require', 'test/support/database.ts', '--timeout', '120000', 'test/money.test.ts', 'test/migrations.test.ts'],
    ['recon-worker', 'npx', 'mocha', '--no-config', '--require', 'test/support/database.ts', '--timeout', '120000', 'test/invariants.test.ts'],
    ['payments-ui', 'npx', 'vitest', 'run', 'test/unit'],
  ] as const) {
    it(`run tests from a separate clone: ${name}`, async () => {
      const [program, ...args] = command
      const output = await succeed(join(workspace, name), env, program, ...args)
      assert.match(output, /[1-9]\d* (?:passing|passed)/)
    })
  }

  it('open together in one editor', () => {
    const { folders } = JSON.parse(readFileSync(join(repoRoot, 'payments-system.code-workspace'), 'utf8')) as { folders: { path: string }[] }
    assert.deepEqual(folders.map(({ path }) => path), [...SERVICES, '.'])
    assert.ok(readdirSync(workspace).includes('payments-system.code-workspace'))
  })
})

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'

// The verb looks for the commit to compare with before anything else, so each refusal takes less than a second.
describe('make contracts, when it cannot look at the commit to compare with', () => {
  let folder: string
  let clone: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'payments-base-'))
    clone = join(folder, 'clone')
    writeTree(clone)
    git('init', '--quiet', '--initial-branch=main')
    writeFileSync(join(clone, 'README.md'), 'first\n')
    commit('first')
    writeFileSync(join(clone, 'README.md'), 'second\n')
    commit('second')
  })
  after(() => rmSync(folder, { recursive: true }))

  it('fails with git\'s error in a clone of another owner', () => {
    const { status, stderr } = contracts(clone, { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' })
    assert.equal(status, 1)
    assert.match(stderr, /^fatal: detected dubious ownership in repository at .*\n(?: {2}\| .*\n)+$/)
  })

  it('fails with git\'s error when GIT_DIR is wrong', () => {
    const { status, stderr } = contracts(clone, { GIT_DIR: '/var/empty/none' })
    assert.equal(status, 1)
    assert.match(stderr, /^fatal: not a git repository: '\/var\/empty\/none'\n$/)
  })

  it('fails without git', () => {
    const { status, stderr } = contracts(clone, { PATH: '/var/empty' })
    assert.equal(status, 1)
    assert.equal(stderr, 'Install git, which is not on PATH: https://git-scm.com.\n')
  })

  it('fails when the history is damaged', () => {
    const damaged = join(folder, 'damaged')
    cpSync(clone, damaged, { recursive: true, verbatimSymlinks: true })
    writeFileSync(join(damaged, '.git/refs/heads/main'), `${'0'.repeat(39)}1\n`)
    const { status, stderr } = contracts(damaged)
    assert.equal(status, 1)
    assert.match(stderr, /^fatal: /)
  })

  it('fails in a shallow clone and says how to fetch the history', () => {
    const shallow = join(folder, 'shallow')
    execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${clone}`, shallow])
    writeTree(shallow)
    const { status, stderr } = contracts(shallow)
    assert.equal(status, 1)
    assert.equal(stderr, 'This clone has no history to compare with. Fetch it with `git fetch --unshallow`, or set CONTRACTS_BASE.\n')
  })

  it('never ignores CONTRACTS_BASE', () => {
    const unpacked = join(folder, 'unpacked')
    writeTree(unpacked)
    assert.equal(contracts(unpacked, { CONTRACTS_BASE: 'HEAD' }).stderr, 'CONTRACTS_BASE=HEAD cannot be compared with: this tree is not a git clone.\n')
    for (const base of ['v9.9.9', '--help', 'HEAD:README.md'])
      assert.equal(contracts(clone, { CONTRACTS_BASE: base }).stderr, `CONTRACTS_BASE=${base} is not a commit of this clone. Fetch it, or set another commit.\n`)
  })

  it('compares in a folder of another clone too, unless it was only unpacked there', () => {
    const outer = join(folder, 'outer')
    writeTree(join(outer, 'system'))
    const compare = () => {
      const script = `const { findBase } = await import('${outer}/system/compose/src/contracts/base.ts'); const { compareWithBase } = await import('${outer}/system/compose/src/contracts/check-openapi.ts'); console.log(JSON.stringify(await compareWithBase('${repoRoot}/contracts', await findBase())))`
      return JSON.parse(spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', env: environment() }).stdout) as { name: string, problems: string[] }
    }
    const git = (...args: string[]) => execFileSync('git', ['-C', outer, '-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args])
    git('init', '--quiet')
    git('commit', '--quiet', '--allow-empty', '-m', 'first')
    assert.deepEqual(compare().problems, [])
    assert.match(compare().name, /^NOT COMPARED .*: this is not a git clone$/)

    git('add', 'system/compose/src')
    git('commit', '--quiet', '-m', 'second')
    assert.match(compare().problems[0]!, /^the commit before this one, \w+ \(\w{8}\) has no contracts\/openapi\.json, so nothing was compared\. Set CONTRACTS_BASE/)

    mkdirSync(join(outer, 'system/contracts'))
    cpSync(join(repoRoot, 'contracts/openapi.json'), join(outer, 'system/contracts/openapi.json'))
    git('add', 'system/contracts')
    git('commit', '--quiet', '-m', 'third')
    git('commit', '--quiet', '--allow-empty', '-m', 'fourth')
    const { name, problems } = compare()
    assert.match(name, /^the API still serves clients of the commit before this one/)
    assert.deepEqual(problems, [])
  })

  it('finds the last release, else the branch\'s start, else the commit before', () => {
    const find = (): string => {
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', `console.log((await (await import('${clone}/compose/src/contracts/base.ts')).findBase()).name)`], { encoding: 'utf8', env: environment() })
      return stdout.trim()
    }
    assert.match(find(), /^the commit before this one, [0-9a-f]{8}$/)
    git('update-ref', 'refs/remotes/origin/main', 'HEAD^')
    assert.match(find(), /^origin\/main at [0-9a-f]{8}$/)
    git('tag', 'v1.2.0', 'HEAD^')
    assert.equal(find(), 'the last release, v1.2.0')
  })

  function git(...args: string[]): void {
    execFileSync('git', ['-C', clone, ...args])
  }
  function commit(message: string): void {
    git('add', 'README.md')
    git('-c', 'user.name=test', '-c', 'user.email=test@example.org', 'commit', '--quiet', '-m', message)
  }
})

/** The harness alone, as `make contracts` runs it. */
function writeTree(root: string): void {
  mkdirSync(join(root, 'compose'), { recursive: true })
  cpSync(join(repoRoot, 'compose/src'), join(root, 'compose/src'), { recursive: true })
  symlinkSync(join(repoRoot, 'compose/node_modules'), join(root, 'compose/node_modules'))
}

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { GIT_DIR: _, CONTRACTS_BASE: __, ...env } = process.env
  return { ...env, ...more }
}

function contracts(root: string, env: NodeJS.ProcessEnv = {}): { status: number | null, stderr: string } {
  return spawnSync(process.execPath, [join(root, 'compose/src/verbs/contracts.ts')], { encoding: 'utf8', env: environment(env) })
}

import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { DataFolder } from '../src/data/data-folder.ts'
import { run } from './support/run.ts'
import { skipWithout } from './support/skip-without.ts'

const { PATH = '', HOME = '' } = process.env
const env = { PATH, HOME, TERM: 'xterm' }
const ESCAPE = '\u001B['
/** Runs a command on a terminal. */
const onTerminal = (command: string, settings: Record<string, string> = {}) => run(repoRoot, { ...env, ...settings }, 'script', '--quiet', '--return', '--command', command, '/dev/null')

describe('make without arguments', () => {
  it('says first what to type now, then lists every verb once, in groups', async () => {
    const { code, stdout } = await run(repoRoot, env, 'make')
    assert.equal(code, 0)
    const [first, blank, group, verb] = stdout.split('\n')
    assert.deepEqual([first, blank, group], ['Type make up to start the system, then open http://localhost:3000.', '', 'Run the system'])
    assert.match(verb!, /^ {2}make up +Start everything/)
    const listed = [...stdout.matchAll(/^ {2}make (\S+)/gm)].map(([, name]) => name)
    const documented = [...readFileSync(join(repoRoot, 'Makefile'), 'utf8').matchAll(/^([a-z-]+):.*## /gm)].map(([, name]) => name).filter(name => name !== 'help')
    assert.deepEqual([...listed].sort(), documented.sort())
    const groups = [...stdout.matchAll(/^[A-Z].*[^.]$/gm)].map(([line]) => line)
    assert.deepEqual(groups, [...new Set(groups)])
    assert.ok(groups.length >= 5)
  })

  it('names the port of the console that PORTS=auto chose, unless UI_PORT names one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'payments-test '))
    try {
      new DataFolder(folder).remember({ mode: 'embedded', ports: { postgres: 25001, api: 25002, ui: 25003 } })
      assert.match((await run(repoRoot, { ...env, DATA_DIR: folder }, 'make')).stdout, /^Type make up .* http:\/\/localhost:25003\.\n/)
      assert.match((await run(repoRoot, { ...env, DATA_DIR: folder, UI_PORT: '3100' }, 'make')).stdout, /^Type make up .* http:\/\/localhost:3100\.\n/)
    }
    finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('says in a clone without the services that they are cloned first', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
    try {
      copyFileSync(join(repoRoot, 'Makefile'), join(folder, 'Makefile'))
      assert.match((await run(folder, env, 'make')).stdout, /^Type make workspace to clone the services, then make up to start the system\.\n/)
    }
    finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('colours', () => {
  for (const [what, command] of [['make', 'make'], ['an error', `"${process.execPath}" compose/src/verbs/status.ts`]] as const) {
    it(`of ${what} are on a terminal only, and not with NO_COLOR`, async function () {
      skipWithout('script', this)
      const settings = { MODE: what === 'an error' ? 'wrong' : '' }
      assert.ok((await onTerminal(command, settings)).stdout.includes(ESCAPE))
      assert.ok(!(await onTerminal(command, { ...settings, NO_COLOR: '1' })).stdout.includes(ESCAPE))
      const { stdout, stderr } = await run(repoRoot, { ...env, ...settings }, 'bash', '-c', command)
      assert.ok(!(stdout + stderr).includes(ESCAPE))
    })
  }
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, repoRoot } from '../src/config.ts'

describe('the settings', () => {
  it('have the defaults of the guide', () => {
    const config = readConfig({})
    assert.deepEqual(config.ports, { postgres: 5432, api: 3001, ui: 3000 })
    assert.equal(config.dataDir, join(repoRoot, '.data'))
    assert.equal(config.mode, undefined)
  })

  it('treat an empty variable as not set', () => {
    assert.equal(readConfig({ PGPORT: '' }).ports.postgres, 5432)
  })

  const wrong: [variable: string, value: string, allowed: RegExp][] = [
    ['PGPORT', 'abc', /a port must be a whole number from 1024 to 65535/],
    ['PGPORT', '5432.5', /a port must be a whole number/],
    ['API_PORT', '70000', /a port must be a whole number/],
    ['UI_PORT', '80', /a port must be a whole number from 1024/],
    ['WORKERS', '0', /the number of workers must be a whole number from 1 to 16/],
    ['WORKERS', '1000', /the number of workers must be a whole number from 1 to 16/],
    ['WORKERS', '-1', /the number of workers/],
    ['APIS', '5', /the number of API processes must be a whole number from 1 to 4/],
    ['MODE', 'docker', /it must be embedded or compose/],
    ['LOG_LEVEL', 'loud', /it must be trace/],
    ['STACK', 'My Stack', /a stack's name has lowercase letters/],
    ['VERSION', '2.0.0+build.7', /it must be an image's tag/],
    ['IMAGES', 'Not/A Name', /it must be the first part of an image's name/],
    ['PART', '../api', /it must be a part such as api/],
    ['PAYMENTS_API_URL', 'localhost', /it must be a URL such as http/],
  ]
  for (const [variable, value, allowed] of wrong) {
    it(`refuse ${variable}=${value} in one line that says what is allowed`, () => {
      assert.throws(() => readConfig({ [variable]: value }), (error: Error) => {
        assert.match(error.message, new RegExp(`^${variable}=${RegExp.escape(value)} is not valid: `))
        assert.match(error.message, allowed)
        assert.doesNotMatch(error.message, /\n/)
        return true
      })
    })
  }

  it('never show a database URL, which may contain a password', () => {
    assert.throws(() => readConfig({ PAYMENTS_DATABASE_URL: 'http://user:hunter2@host' }), (error: Error) => !error.message.includes('hunter2'))
  })

  it('refuse the same port for two parts', () => {
    assert.throws(() => readConfig({ API_PORT: '3000' }), /three different ports/)
  })

  it('pass on to the parts only the variables meant for them', () => {
    const { inheritedEnv } = readConfig({
      PATH: '/bin',
      OTEL_SERVICE_NAME: 'x',
      PGPASSWORD: 'secret',
      DATABASE_URL: 'postgres://h/d',
      NODE_OPTIONS: '--inspect',
      PAYMENTS_NODE_OPTIONS: '--max-old-space-size=512',
    })
    assert.deepEqual(inheritedEnv, { PATH: '/bin', OTEL_SERVICE_NAME: 'x', NODE_OPTIONS: '--max-old-space-size=512' })
  })

  it('pass on to Docker only how to reach the engine and what names the images', () => {
    const docker = { PATH: '/bin', ACTIONS_RUNTIME_TOKEN: 'cache', DOCKER_HOST: 'ssh://host', https_proxy: 'http://proxy', VERSION: '1.0.0' }
    const { dockerEnv } = readConfig({ ...docker, COMPOSE_FILE: 'other.yaml', COMPOSE_PROFILES: 'all', PORT: '80', APIS: '2' })
    assert.deepEqual(dockerEnv, docker)
  })

  it('take no address of a running system from variables that other programs use', () => {
    const { apiUrl, databaseUrl } = readConfig({ API_URL: 'http://elsewhere', DATABASE_URL: 'postgres://h/d' })
    assert.deepEqual([apiUrl, databaseUrl], [undefined, undefined])
  })
})

describe('make', () => {
  it('hands no variable of other programs to its verbs', () => {
    const foreign = { NODE_OPTIONS: '--require=/none', NODE_ENV: 'production', PORT: '80', HOST: '0.0.0.0', PGHOST: 'elsewhere', PGSSLMODE: 'require', COMPOSE_FILE: 'other.yaml', NUXT_API_URL: 'http://elsewhere' }
    const output = execFileSync('make', ['--no-print-directory', '--eval', 'show-environment: ; @env', 'show-environment'], { cwd: repoRoot, env: { PATH: process.env.PATH, ...foreign, PGPORT: '6000' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const names = output.split('\n').map(line => line.split('=')[0])
    assert.deepEqual(names.filter(name => name! in foreign), [])
    assert.ok(names.includes('PGPORT'))
  })

  for (const [what, settings] of [
    ['NODE_ENV', { NODE_ENV: 'production' }],
    ['npm_config_omit', { npm_config_omit: 'dev' }],
    ['NPM_CONFIG_PRODUCTION', { NPM_CONFIG_PRODUCTION: 'true' }],
  ] as const) {
    it(`installs what tests and builds need, whatever ${what} says`, () => {
      const tree = mkdtempSync(join(tmpdir(), 'payments-test-'))
      try {
        for (const file of ['Makefile', 'compose/once.js', 'compose/quietly.sh'])
          cpSync(join(repoRoot, file), join(tree, file))
        const file = (path: string, content: object) => {
          mkdirSync(join(tree, path, '..'), { recursive: true })
          writeFileSync(join(tree, path), JSON.stringify(content))
        }
        const needs = { devDependencies: { tool: 'file:tool' } }
        file('part/tool/package.json', { name: 'tool', version: '1.0.0' })
        file('part/package.json', needs)
        file('part/package-lock.json', { lockfileVersion: 3, packages: { '': needs, 'node_modules/tool': { resolved: 'tool', link: true }, 'tool': { version: '1.0.0', dev: true } } })
        execFileSync('make', ['part/node_modules/.package-lock.json'], { cwd: tree, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings }, stdio: 'pipe' })
        assert.ok(existsSync(join(tree, 'part/node_modules/tool/package.json')))
      }
      finally {
        rmSync(tree, { recursive: true })
      }
    })
  }
})

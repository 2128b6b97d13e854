import assert from 'node:assert/strict'
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
    ['PART', '../api', /it must be a part such as api/],
    ['API_URL', 'localhost', /it must be a URL such as http/],
  ]
  for (const [variable, value, allowed] of wrong) {
    it(`refuse ${variable}=${value} in one line that says what is allowed`, () => {
      assert.throws(() => readConfig({ [variable]: value }), (error: Error) => {
        assert.match(error.message, new RegExp(`^${variable}=${value.replaceAll('.', '\\.')} is not valid: `))
        assert.match(error.message, allowed)
        assert.doesNotMatch(error.message, /\n/)
        return true
      })
    })
  }

  it('never show a database URL, which may contain a password', () => {
    assert.throws(() => readConfig({ DATABASE_URL: 'http://user:hunter2@host' }), (error: Error) => !error.message.includes('hunter2'))
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
    })
    assert.deepEqual(inheritedEnv, { PATH: '/bin', OTEL_SERVICE_NAME: 'x' })
  })
})

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { debugPort } from '../src/debug-ports.ts'
import { watchFolder } from '../src/machine/watch-folder.ts'
import { DevStack } from './support/dev-stack.ts'
import { until } from './support/until.ts'

/** In containers, an image is built. */
const MIGRATED_TIMEOUT_MS = 60_000

describe('a watched folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'payments-test-'))
  after(() => rmSync(folder, { recursive: true }))

  it('reports a file each time that it is written or replaced by a rename, and ignores other names', async () => {
    let changes = 0
    const watcher = watchFolder(folder, /\.ts$/, () => changes++)
    try {
      for (let round = 1; round <= 4; round++) {
        const file = join(folder, 'a.ts')
        writeFileSync(join(folder, 'draft'), `${round}`)
        if (round % 2)
          renameSync(join(folder, 'draft'), file)
        else
          writeFileSync(file, `${round}`)
        await until(`change ${round}`, () => changes === round)
      }
    }
    finally {
      watcher.close()
    }
  })
})

describe('make dev', () => {
  let dev: DevStack
  before(async function () {
    this.timeout(600_000)
    dev = await DevStack.start({ WORKERS: '2' })
  })
  after(() => dev?.remove())

  const api = () => dev.stack.endpoints().api
  const source = () => join(dev.tree, 'payments-api/src/http/health.ts')
  const partNamed = async (name: string) => (await dev.stack.parts()).find(part => part.name === name)!

  function save(file: string, content: string): void {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file) // as editors do
  }

  it('prints the addresses and debuggers of this stack, and debuggers listen there', async () => {
    const first = Number(dev.system.env.DEBUG_PORT)
    for (const address of Object.values(dev.system.config.ports))
      assert.ok(dev.output.includes(String(address)), dev.output)
    for (const name of ['api', 'worker-1', 'worker-2', 'ui']) {
      assert.match(dev.output, new RegExp(`Debugger of ${name} +127\\.0\\.0\\.1:${debugPort(first, name)}\n`))
      const [target] = await (await fetch(`http://127.0.0.1:${debugPort(first, name)}/json/list`)).json() as [{ type: string }]
      assert.equal(target.type, 'node')
    }
  })

  it('is found by the other verbs, and keeps others from starting', async () => {
    assert.equal((await dev.system.verb('status')).code, 0)
    assert.match((await dev.system.verb('up')).stdout, /The system is already running/)
    const second = await dev.system.verb('dev')
    assert.deepEqual([second.code, second.stderr], [1, 'The system is already running. Run `make down` first, then `make dev`.\n'])
  })

  it('restarts the API when its source is saved, each time, without counting a crash', async () => {
    const original = readFileSync(source(), 'utf8')
    for (const edit of ['one', 'two']) {
      save(source(), original.replace(`status: 'ok'`, `status: 'ok', edit: '${edit}'`))
      await until(`edit ${edit} is live`, () => dev.healthOf('api', api()).then(body => body.includes(edit), () => false))
    }
    const { restarts, lastDeath } = await partNamed('api')
    assert.deepEqual([restarts, lastDeath], [0, null])
    assert.match(dev.output, /api +\| .*draining[\s\S]*api +\| .*stopped/)
  })

  it('restarts every worker when their source is saved', async () => {
    const file = join(dev.tree, 'recon-worker/src/health-server.ts')
    const original = readFileSync(file, 'utf8')
    save(file, original.replace(`status: 'ok'`, `status: 'ok', edit: 'both'`))
    for (const name of ['worker-1', 'worker-2'])
      await until(`the edit is live in ${name}`, () => dev.healthOf(name, '').then(body => body.includes('both'), () => false))
  })

  it('shows why broken source does not start, and runs it once it is mended', async () => {
    const original = readFileSync(source(), 'utf8')
    save(source(), `${original}\nsyntax error(`)
    await until('the error is shown', () => /api +\| .*SyntaxError|api +\| .*ERR_INVALID_TYPESCRIPT_SYNTAX/.test(dev.output))
    save(source(), original)
    await until('the API is healthy', async () => (await partNamed('api')).health === 'ok')
  })

  it('applies a new migration', async () => {
    const file = join(dev.tree, 'payments-api/migrations/9999_try.sql')
    save(file, 'create table tried (id int);\n')
    const client = new pg.Client(dev.stack.endpoints().ownerUrl)
    await client.connect()
    try {
      await until('the table exists', async () => (await client.query(`select from pg_tables where tablename = 'tried'`)).rowCount === 1, MIGRATED_TIMEOUT_MS)
    }
    finally {
      await client.end()
      unlinkSync(file)
    }
  })

  it('stops everything on a Ctrl-C', async () => {
    assert.equal(await dev.end('SIGINT'), 0)
    assert.deepEqual(dev.system.processes(), [])
    assert.match(dev.output, /Stopped in .* Your data is kept\./)
  })

  it('refuses a debugger port that is taken', async () => {
    const port = Number(dev.system.env.DEBUG_PORT)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      const { code, stderr } = await dev.system.verb('dev')
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`^Port ${port} \\(debugger of api-1\\) is in use by pid ${process.pid} .*DEBUG_PORT=\\d+\`\\.\n$`))
    }
    finally {
      server.close()
    }
  })
})

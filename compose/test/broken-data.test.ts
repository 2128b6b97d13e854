import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify, isAlive, signalTree } from '../src/machine/processes.ts'
import { TemporaryStack } from './support/temporary-stack.ts'
import { until } from './support/until.ts'

const DISK_FULL = /The disk is full: `df -h` shows which one\. Free some space, or choose a data folder on another disk with DATA_DIR=folder\./

describe('a data folder that Postgres cannot use as it is', function () {
  this.timeout(120_000)
  let stack: TemporaryStack
  let postgres: string
  let postmasterPid: string
  before(async () => {
    stack = await TemporaryStack.create({ MODE: 'embedded' })
    postgres = stack.folder.postgres
    const { code, stderr } = await stack.verb('up')
    assert.equal(code, 0, stderr)
    postmasterPid = readFileSync(join(postgres, 'postmaster.pid'), 'utf8')
    await stack.verb('down')
  })
  after(() => stack.remove())

  for (const [version, line] of [
    ['17\n', /^The data in .*postgres belongs to Postgres 17, but this is Postgres 18\. .*DATA_DIR=folder\.\n$/],
    [null, /^.*postgres is not a Postgres data folder: it has no PG_VERSION\. .*DATA_DIR=folder\.\n$/],
  ] as const) {
    it(`is refused in one line and left unchanged: PG_VERSION is ${version?.trim() ?? 'missing'}`, async () => {
      const file = join(postgres, 'PG_VERSION')
      const right = readFileSync(file)
      const changedAt = () => readdirSync(postgres).filter(name => name !== 'PG_VERSION').map(name => [name, statSync(join(postgres, name)).mtimeMs])
      const before = changedAt()
      rmSync(file)
      if (version !== null)
        writeFileSync(file, version)
      try {
        const { code, stdout, stderr } = await stack.verb('up')
        assert.deepEqual([code, stdout], [1, ''])
        assert.match(stderr, line)
        assert.deepEqual(changedAt(), before)
        assert.deepEqual(stack.processes(), [])
        assert.equal(stack.folder.readState(), null)
      }
      finally {
        writeFileSync(file, right)
      }
    })
  }

  it('starts if another process has the pid of its killed Postgres, and leaves that process alone', async () => {
    // As the same user: Postgres ignores the processes of others.
    const { uid, gid } = statSync(postgres)
    const other = spawn('sleep', ['300'], { stdio: 'ignore', cwd: '/', ...process.getuid?.() === 0 && { uid, gid } })
    try {
      const identity = identify(other.pid!)!
      writeFileSync(join(postgres, 'postmaster.pid'), postmasterPid.replace(/^\d+/, String(other.pid)))
      const { code, stderr } = await stack.verb('up')
      assert.equal(code, 0, stderr)
      assert.match((await stack.verb('status')).stdout, /^postgres +running .* ok /m)
      assert.match((await stack.verb('down')).stdout, /^Stopped in /)
      assert.ok(isAlive(identity), 'the other process was ended')
    }
    finally {
      other.kill('SIGKILL')
    }
  })

  it('is refused in one line while a Postgres that no state file names runs on it', async () => {
    assert.equal((await stack.verb('up')).code, 0)
    const { supervisor, parts } = stack.folder.readState()!
    const ports = await TemporaryStack.create()
    try {
      process.kill(supervisor.pid, 'SIGKILL')
      await until('the supervisor is gone', () => !isAlive(supervisor))
      stack.folder.release()
      const { PGPORT, API_PORT, UI_PORT } = ports.env
      const { code, stderr } = await stack.verb('up', { PGPORT: PGPORT!, API_PORT: API_PORT!, UI_PORT: UI_PORT! })
      assert.equal(code, 1)
      assert.match(stderr, /^postgres did not start: Another Postgres already runs on .*postgres, as pid \d+\. Stop it with `kill -INT \d+`, or choose another folder with DATA_DIR=folder\.\n$/)
      assert.ok(isAlive(parts.find(({ name }) => name === 'postgres')!.process!))
    }
    finally {
      for (const part of parts)
        signalTree(part.process!, 'SIGKILL')
      await ports.remove()
    }
    await until('all have ended', () => parts.every(part => !isAlive(part.process!)))
  })
})

describe('a full disk', function () {
  this.timeout(120_000)
  let disk: string
  let stack: TemporaryStack | undefined
  const fill = () => {
    const file = openSync(join(disk, 'fill'), 'a')
    try {
      for (const size of [1024 * 1024, 4096, 1]) {
        try {
          for (;;)
            writeSync(file, Buffer.alloc(size))
        }
        catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
        }
      }
    }
    finally {
      closeSync(file)
    }
  }
  const free = () => rmSync(join(disk, 'fill'), { force: true })

  before(async function () {
    disk = mkdtempSync(join(tmpdir(), 'payments-test-disk-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=150m,mode=711', 'tmpfs', disk], { encoding: 'utf8' })
    if (mounted.status !== 0) {
      console.log(`      skipped: a small disk could not be mounted (${mounted.error?.message ?? mounted.stderr.trim()})`)
      this.skip()
    }
    stack = await TemporaryStack.create({ MODE: 'embedded', DATA_DIR: join(disk, 'data folder') })
  })
  afterEach(() => free())
  after(async () => {
    try {
      await stack?.remove()
    }
    finally {
      spawnSync('umount', ['--lazy', disk])
      rmdirSync(disk)
    }
  })

  it('stops a first start in one line, and no partial database is left', async () => {
    mkdirSync(stack!.config.dataDir)
    fill()
    assert.match((await stack!.verb('up')).stderr, new RegExp(`^${DISK_FULL.source}.*\\n$`))
    free()
    writeFileSync(join(disk, 'fill'), Buffer.alloc(130 * 1024 * 1024)) // leaves too little for a database
    const { code, stderr } = await stack!.verb('up')
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`^initdb failed: .*${DISK_FULL.source}\\n`))
    assert.doesNotMatch(stderr, / at .*:\d+:\d+/)
    assert.deepEqual(readdirSync(stack!.config.dataDir).sort(), ['desired.json', 'logs', 'passwords.json'])
    assert.deepEqual(stack!.processes(), [])
  })

  it('leaves the parts running, is named by status, and the state is saved once there is space', async () => {
    const { code, stderr } = await stack!.verb('up')
    assert.equal(code, 0, stderr)
    fill()
    signalTree(stack!.folder.readState()!.parts.find(part => part.name === 'worker-1')!.process!, 'SIGKILL')
    await until('status shows the death, although no file does', async () => /^worker-1 +\S+ +- /m.test((await stack!.verb('status')).stdout))
    const status = await stack!.verb('status')
    assert.match(status.stdout, DISK_FULL)
    assert.match(status.stdout, /^api +running .* ok /m)
    free()
    await until('the state is saved', () => stack!.folder.readState()!.parts.some(part => part.name === 'worker-1' && part.restarts >= 1 && part.phase === 'running'))
    assert.equal((await stack!.verb('status')).code, 0)
  })

  it('does not delay down', async () => {
    fill()
    const begin = Date.now()
    const { code, stdout, stderr } = await stack!.verb('down')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^Stopped in /)
    assert.ok(Date.now() - begin < 45_000, `down took ${Date.now() - begin} ms`)
    assert.deepEqual(stack!.processes(), [])
    assert.ok(!existsSync(join(stack!.config.dataDir, 'state.json')))
    assert.doesNotMatch(readFileSync(stack!.folder.logFile('supervisor'), 'utf8'), /^(?: +\| +| {2,})at /m)
  })
})

// Runs a command that another make process may be running at this moment, such as an install: one process runs it, the others
// wait and find it done. Plain JavaScript, because the Node 20 that fetches Node 24 runs it too.
//   node compose/once.js 'what it does' 'shell test that it is done' 'shell command'
//
// The lock is a folder in .tools/locks that contains one empty folder per live owner, named after the process: this process,
// and the command's shell, which survives if this process is killed. No crash leaves the lock taken:
// - rename takes the lock: it replaces an empty folder, but fails if the folder has an owner.
// - rmdir releases it. Anyone may remove a dead owner: process identities are unique, so this never removes a live one.
/* eslint-disable no-console, antfu/no-top-level-await */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const WAIT_TIMEOUT_MS = 15 * 60_000
const POLL_MS = 100
/** A command that has not ended this long after a signal is killed: before this process is, by whoever sent the signal. */
const GRACE_MS = 5_000

const [what, test, command] = process.argv.slice(2)
const locks = fileURLToPath(new URL('../.tools/locks', import.meta.url))
const lock = join(locks, what.replaceAll(/[^\w.-]+/g, '-'))

/** Names a process by its pid and start time, since pids are reused. Returns null if there is no such process. */
function identify(pid) {
  try {
    if (process.platform !== 'linux')
      return `${pid}-${execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' }, encoding: 'utf8' }).trim().replaceAll(/\W+/g, '-')}`
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? null : `${pid}-${fields[18]}-${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  }
  catch {
    return null
  }
}

/** Returns the operation's result; undefined if it fails with one of the expected codes. */
function attempt(operation, ...expected) {
  try {
    return operation()
  }
  catch (error) {
    if (!expected.includes(error.code))
      throw error
  }
}

const isDone = () => spawnSync('bash', ['-c', test], { stdio: 'inherit' }).status === 0
const release = owner => attempt(() => rmdirSync(join(lock, owner)), 'ENOENT')

/** Takes the lock if it is free. Returns the pid of its owner: this process, if it took it. */
function take() {
  while (true) {
    const owners = attempt(() => readdirSync(lock), 'ENOENT') ?? []
    const alive = owners.find(owner => owner === identify(Number.parseInt(owner)))
    if (alive)
      return Number.parseInt(alive)
    owners.forEach(release)
    const draft = mkdtempSync(`${lock}.`)
    mkdirSync(join(draft, identify(process.pid)))
    attempt(() => renameSync(draft, lock), 'ENOTEMPTY', 'EEXIST')
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Waits until this process owns the lock. */
async function wait() {
  const begin = Date.now()
  let owner = take()
  if (owner === process.pid)
    return
  process.stdout.write(`${what}: waiting for process ${owner}, which is doing this ... `)
  while (owner !== process.pid) {
    if (Date.now() - begin > WAIT_TIMEOUT_MS) {
      console.log('gave up')
      console.error(`${what}: process ${owner} has not finished in ${WAIT_TIMEOUT_MS / 60_000} minutes: end it, then try again`)
      process.exit(1)
    }
    await delay(POLL_MS)
    owner = take()
  }
  console.log(`${Math.round((Date.now() - begin) / 1000)} s`)
}

/** Signals a process group. Returns whether any process of it is left. */
const signalGroup = (pid, signal) => attempt(() => process.kill(-pid, signal), 'ESRCH') ?? false

/** Runs the command in its own process group, so that a signal to this process ends all of it. Returns the exit code. */
async function run() {
  const child = spawn('bash', ['-eu', '-o', 'pipefail', '-c', command], { stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  const owner = identify(child.pid)
  if (owner)
    mkdirSync(join(lock, owner))
  let timer
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      signalGroup(child.pid, 'SIGTERM')
      timer ??= setTimeout(signalGroup, GRACE_MS, child.pid, 'SIGKILL')
    })
  }
  const code = await new Promise(resolve => child.on('exit', resolve))
  // The shell ends at once, but an npm that it runs goes on for seconds, and would write into the next install.
  if (timer) {
    const end = Date.now() + 2 * GRACE_MS
    while (Date.now() < end && signalGroup(child.pid, 0))
      await delay(POLL_MS)
    clearTimeout(timer)
  }
  if (owner)
    release(owner)
  return code ?? 1
}

if (!isDone()) {
  mkdirSync(locks, { recursive: true })
  await wait()
  const code = isDone() ? 0 : await run()
  release(identify(process.pid))
  process.exit(code)
}

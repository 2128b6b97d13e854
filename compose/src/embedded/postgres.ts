import type { Command } from './part.ts'
import type { PostgresHome } from './postgres-home.ts'
import type { RunOnce } from './run-to-end.ts'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresConf } from '../connection-budget.ts'
import { superuserUrl } from '../data/logins.ts'
import { loopbackAddresses } from '../machine/ports.ts'

// The guide's psql command logs in as the superuser without a password, so any local process can. That is why Postgres
// listens on loopback only. The parts log in with passwords.
const HBA_RULES = ['127.0.0.1/32', '::1/128'].flatMap(address => [
  `host all postgres ${address} trust`,
  `host all all ${address} scram-sha-256`,
]).join('\n')

// A fixed environment: English messages, and no settings inherited from the caller.
const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
const INITDB_TIMEOUT_MS = 120_000

/** Whether the folder already holds a cluster. */
export function isInitialised({ data }: PostgresHome): boolean {
  return existsSync(data)
}

/** Creates an empty cluster. The rename makes it appear complete, so an interrupted start leaves no partial cluster. */
export async function initialise(home: PostgresHome, runOnce: RunOnce): Promise<void> {
  const draft = `${home.data}.new`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  if (home.user)
    chownSync(draft, home.user.uid, home.user.gid)
  await runOnce({
    file: join(home.programs, 'bin/initdb'),
    // Sort text by code point, so that the order does not depend on the machine's libc or ICU.
    args: ['-D', draft, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--auth=trust', '--no-instructions'],
    options: { cwd: '/', env, ...home.user },
  }, INITDB_TIMEOUT_MS)
  renameSync(draft, home.data)
}

/** The command that runs the server: with the container's postgresql.conf, but different addresses and access rules. */
export function postgresCommand(home: PostgresHome, port: number): Command {
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
    options: { cwd: '/', env, ...home.user },
    url: superuserUrl(port, 'payments'),
    health: superuserUrl(port, 'postgres'),
  }
}

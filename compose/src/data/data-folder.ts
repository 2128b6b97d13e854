import type { z } from 'zod'
import type { ProcessIdentity } from '../machine/processes.ts'
import type { DesiredState, Passwords, Service, StackMemory, StackState } from './state.ts'
import { randomBytes } from 'node:crypto'
import { accessSync, chmodSync, constants, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { processIdentity } from '../machine/processes.ts'
import { Refusal } from '../refusal.ts'
import { desiredState, makePasswords, passwords, stackMemory, stackState } from './state.ts'

const STACK_FILES = /^(?:logs|console|compile-cache|secrets|postgres(?:\.new)?|(?:state(?:-[a-z]+)?|desired|passwords|starting|stack)\.json(?:\.\d+)?|anchors\.jsonl)$/

/**
 * The folder that holds a stack's database, logs, passwords and state. Either one supervisor owns all of it, or each
 * `make service` has a separate supervisor and state file in it.
 */
export class DataFolder {
  readonly path: string
  readonly postgres: string
  readonly secrets: string
  /** The audit's anchors, saved outside the database: one per line. */
  readonly anchors: string
  private readonly logs: string
  private readonly stateFile: string
  private readonly service?: Service

  constructor(path: string, service?: Service) {
    this.path = path
    this.service = service
    this.stateFile = service ? `state-${service}.json` : 'state.json'
    this.postgres = join(path, 'postgres')
    this.secrets = join(path, 'secrets')
    this.anchors = join(path, 'anchors.jsonl')
    this.logs = join(path, 'logs')
  }

  /** Creates the folder. Throws a Refusal if it cannot be written to. */
  create(): void {
    try {
      // Root starts Postgres as another user, which must be able to enter the folder.
      if (makeFolders(this.path))
        chmodSync(this.path, process.getuid?.() === 0 ? 0o711 : 0o700)
      mkdirSync(this.logs, { recursive: true, mode: 0o700 })
      accessSync(this.path, constants.W_OK)
      accessSync(this.logs, constants.W_OK)
    }
    catch (error) {
      throw new Refusal(`Cannot write to the data folder ${this.path} (${(error as NodeJS.ErrnoException).code}). Choose another with DATA_DIR=folder.`)
    }
  }

  /** Removes the stack's files, and the folder itself if it is then empty. */
  remove(): void {
    if (!existsSync(this.path))
      return
    for (const name of readdirSync(this.path).filter(name => STACK_FILES.test(name)))
      rmSync(join(this.path, name), { recursive: true, force: true })
    if (readdirSync(this.path).length === 0)
      rmdirSync(this.path)
  }

  /** Returns the supervisor's state, or null without a supervisor. A killed supervisor leaves its state behind. */
  readState(): StackState | null {
    return this.read(this.stateFile, stackState)
  }

  /** Claims the folder, or the service's state file in it, for a supervisor. Returns false if another one holds it. */
  claim(state: StackState): boolean {
    return this.writeNew(this.stateFile, state)
  }

  /** Returns the process that is starting containers from this folder, or null. A killed process leaves its claim behind. */
  readStarter(): ProcessIdentity | null {
    return this.read('starting.json', processIdentity)
  }

  /** Claims the start of containers for a process. Returns false if another process holds the claim. */
  claimStart(starter: ProcessIdentity): boolean {
    return this.writeNew('starting.json', starter)
  }

  releaseStart(): void {
    rmSync(join(this.path, 'starting.json'), { force: true })
  }

  writeState(state: StackState): void {
    this.write(this.stateFile, state)
  }

  release(): void {
    rmSync(join(this.path, this.stateFile), { force: true })
  }

  /** Returns how the stack last ran; null before its first start and after a reset. */
  readMemory(): StackMemory | null {
    return this.read('stack.json', stackMemory)
  }

  /** Adds to what is known about how the stack last ran. */
  remember(memory: StackMemory): void {
    this.write('stack.json', { ...this.readMemory(), ...memory })
  }

  readDesired(): DesiredState | null {
    return this.read('desired.json', desiredState)
  }

  writeDesired(desired: DesiredState): void {
    this.write('desired.json', desired)
  }

  /** Returns the passwords of the database logins, generated on first use. Only the owner of the folder can read the file. */
  passwords(): Passwords {
    const saved = this.read('passwords.json', passwords)
    if (saved)
      return saved
    // Several services may start at the same time: the first one to write the file makes the passwords for all.
    const generated = makePasswords(() => randomBytes(24).toString('base64url'))
    return this.writeNew('passwords.json', generated) ? generated : this.passwords()
  }

  /** The names of the logs: every part that ever ran, `supervisor` and `migrations`. */
  logNames(): string[] {
    const files = existsSync(this.logs) ? readdirSync(this.logs) : []
    return files.filter(name => name.endsWith('.log')).map(name => name.slice(0, -4)).sort()
  }

  /** The logs that this folder's supervisor rotates: all, or those of its service. */
  rotatedLogNames(): string[] {
    const { service } = this
    return service ? this.logNames().filter(name => name === service || name.startsWith(`${service}-`)) : this.logNames()
  }

  logFile(name: string): string {
    return join(this.logs, `${name}.log`)
  }

  private read<T>(name: string, schema: z.ZodType<T>): T | null {
    try {
      return schema.parse(JSON.parse(readFileSync(join(this.path, name), 'utf8')))
    }
    catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR')
        return null
      throw new Refusal(`Cannot read ${join(this.path, name)} (${code ?? 'another version wrote it'}). Stop the processes that use this folder, then remove the file.`)
    }
  }

  // The rename is atomic: a reader sees either the old content or the new.
  private write(name: string, content: unknown): void {
    renameSync(this.writeDraft(name, content), join(this.path, name))
  }

  // Returns false if the file exists already. A hard link appears complete or not at all.
  private writeNew(name: string, content: unknown): boolean {
    const draft = this.writeDraft(name, content)
    try {
      linkSync(draft, join(this.path, name))
      return true
    }
    catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST')
        return false
      throw error
    }
    finally {
      unlinkSync(draft)
    }
  }

  private writeDraft(name: string, content: unknown): string {
    const draft = join(this.path, `${name}.${process.pid}`)
    try {
      writeFileSync(draft, JSON.stringify(content, null, 2), { mode: 0o600 })
    }
    catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
    return draft
  }
}

/** Creates the missing folders and returns whether there were any. Node's recursive mkdir would hang in /proc. */
function makeFolders(path: string): boolean {
  const missing: string[] = []
  for (let folder = path; !existsSync(folder); folder = dirname(folder))
    missing.unshift(folder)
  for (const folder of missing) {
    try {
      mkdirSync(folder)
    }
    catch (error) {
      // Services that start at the same time create the folder together.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(folder).isDirectory())
        throw error
    }
  }
  return missing.length > 0
}

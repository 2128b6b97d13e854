import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { endProcess, identify } from '../../src/machine/processes.ts'

const READY_EVERY_MS = 1_000
const STOP_TIMEOUT_MS = 120_000

// The format that the platform documents (https://ona.com/docs/ona/configuration/automations/overview, and AutomationsFile
// in its API reference). The platform refuses a file with any other field, so these objects are strict.
const name = z.string().min(1)
const reference = z.string().regex(/^[\w-]{1,128}$/)
const trigger = z.enum(['manual', 'postEnvironmentStart', 'postDevcontainerStart'])
const automationsFile = z.strictObject({
  services: z.record(reference, z.strictObject({
    name,
    description: z.string().optional(),
    triggeredBy: z.array(trigger).optional(),
    commands: z.strictObject({ start: name, ready: name.optional(), stop: name.optional() }),
  })),
  tasks: z.record(reference, z.strictObject({
    name,
    description: z.string().optional(),
    triggeredBy: z.array(z.enum([...trigger.options, 'prebuild'])).optional(), // only a task may have 'prebuild'
    dependsOn: z.array(reference).optional(),
    command: name,
  })),
})
export type Automations = z.infer<typeof automationsFile>

/** Parses an automations file as the platform does. Throws for an unknown field or a missing task. */
export function parseAutomations(text: string): Automations {
  const file = automationsFile.parse(parse(text))
  for (const [task, { dependsOn = [] }] of Object.entries(file.tasks)) {
    const missing = dependsOn.filter(other => !file.tasks[other])
    if (missing.length > 0)
      throw new Error(`task ${task} depends on ${missing.join(', ')}, which is no task`)
  }
  return file
}

/** Starts, watches and stops the services and tasks of an automations file, as the platform documents. */
export class Platform {
  private readonly file: Automations
  private readonly folder: string
  private readonly env: Record<string, string>
  private readonly running = new Map<string, { process: ChildProcess, output: string[] }>()

  constructor(file: Automations, folder: string, env: Record<string, string>) {
    this.file = file
    this.folder = folder
    this.env = env
  }

  /** Runs the start command, which must keep running, and the ready command once a second until it exits with 0. */
  async startService(service: string, timeoutMs = 300_000): Promise<void> {
    const { start, ready } = this.file.services[service]!.commands
    const { process, output } = this.spawn(start)
    this.running.set(service, { process, output })
    const deadline = Date.now() + timeoutMs
    while (true) {
      if (process.exitCode !== null || process.signalCode !== null)
        throw new Error(`service ${service} ended (${process.exitCode ?? process.signalCode}):\n${output.join('')}`)
      if (ready === undefined || await this.succeeds(ready))
        return
      if (Date.now() > deadline)
        throw new Error(`service ${service} was not ready after ${timeoutMs / 1000} s:\n${output.join('')}`)
      await delay(READY_EVERY_MS)
    }
  }

  /** The output that `gitpod automations service logs` shows. */
  logs(service: string): string {
    return this.running.get(service)?.output.join('') ?? ''
  }

  /** Sends SIGTERM to the start command, and SIGKILL after two minutes. Returns false if it had to kill. */
  async stopService(service: string): Promise<boolean> {
    const found = this.running.get(service)
    this.running.delete(service)
    const identity = found?.process.pid ? identify(found.process.pid) : null
    return !identity || endProcess(identity, 'SIGTERM', STOP_TIMEOUT_MS)
  }

  async stopAll(): Promise<void> {
    for (const service of [...this.running.keys()].reverse())
      await this.stopService(service)
  }

  /** Runs the task's dependencies, then the task. Returns the task's output; throws with the output of the one that fails. */
  async runTask(task: string): Promise<string> {
    const { dependsOn = [], command } = this.file.tasks[task]!
    for (const other of dependsOn)
      await this.runTask(other)
    const { process, output } = this.spawn(command)
    const [code] = await once(process, 'close') as [number | null]
    if (code !== 0)
      throw new Error(`task ${task} failed (${code}):\n${output.join('')}`)
    return output.join('')
  }

  private async succeeds(command: string): Promise<boolean> {
    const [code] = await once(this.spawn(command).process, 'close') as [number | null]
    return code === 0
  }

  private spawn(command: string): { process: ChildProcess, output: string[] } {
    const process = spawn('bash', ['-c', command], { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output: string[] = []
    for (const stream of [process.stdout, process.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    return { process, output }
  }
}

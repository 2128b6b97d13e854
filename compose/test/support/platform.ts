import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { endProcess, identify, signalTree } from '../../src/machine/processes.ts'

const READY_EVERY_MS = 1_000
const STOP_TIMEOUT_MS = 120_000

// The format that the platform documents (https://ona.com/docs/ona/reference/automations-yaml-schema, and AutomationsFile in
// its API, https://ona.com/api-reference). It refuses a file with any other field, so these objects are strict.
const name = z.string().min(1)
const reference = z.string().regex(/^[\w-]{1,128}$/)
const serviceTrigger = z.enum([
  'manual',
  'postMachineStart', // the machine has booted; the dev container is not ready yet
  'postDevcontainerStart', // the dev container has started in a user's environment, for the first time or after a rebuild
  'postEnvironmentStart', // the environment has started or resumed
  'prebuild', // in prebuilds only, without the user's secrets
])
const taskTrigger = z.enum([...serviceTrigger.options, 'beforeSnapshot']) // beforeSnapshot: at the end of a prebuild
export type Trigger = z.infer<typeof taskTrigger>
const runsOn = z.union([
  z.strictObject({ docker: z.strictObject({ image: name, environment: z.array(z.string()).optional() }) }),
  z.strictObject({ machine: z.strictObject({}) }),
])
const automationsFile = z.strictObject({
  services: z.record(reference, z.strictObject({
    name,
    description: z.string().optional(),
    triggeredBy: z.array(serviceTrigger).optional(),
    commands: z.strictObject({ start: name, ready: name.optional(), stop: name.optional() }),
    role: z.enum(['default', 'editor', 'ai-agent']).optional(),
    runsOn: runsOn.optional(),
    readinessTimeout: z.string().regex(/^\d+(?:\.\d+)?s$/, 'a duration in seconds, as in 300s').optional(),
  })),
  tasks: z.record(reference, z.strictObject({
    name,
    description: z.string().optional(),
    triggeredBy: z.array(taskTrigger).optional(),
    dependsOn: z.array(reference).optional(),
    command: name,
    runsOn: runsOn.optional(),
    prebuildRequiresSuccess: z.boolean().optional(), // by default a failed task only adds a warning to the prebuild
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

  /** Starts a new environment: both its dev container and the environment start for the first time. */
  async startEnvironment(): Promise<void> {
    await this.fire('postDevcontainerStart', 'postEnvironmentStart')
  }

  /** Stops all services at once: with SIGTERM, or with SIGKILL as when the machine is switched off. */
  async stopEnvironment(how: 'SIGTERM' | 'switched off' = 'SIGTERM'): Promise<void> {
    if (how === 'switched off') {
      for (const { process } of this.running.values())
        killTree(process)
    }
    await Promise.all([...this.running.keys()].map(service => this.stopService(service)))
  }

  /** Starts an environment again that was stopped. Its dev container is the same as before, so only one trigger fires. */
  async resumeEnvironment(): Promise<void> {
    await this.fire('postEnvironmentStart')
  }

  /**
   * Starts everything that has one of the triggers, all in parallel. The second trigger does nothing to a service. For a
   * task the documentation does not say so: it runs once per trigger.
   */
  private async fire(...triggers: Trigger[]): Promise<void> {
    const has = (trigger: Trigger, { triggeredBy = [] }: { triggeredBy?: Trigger[] }) => triggeredBy.includes(trigger)
    await Promise.all(triggers.flatMap(trigger => [
      ...Object.entries(this.file.services).filter(([, service]) => has(trigger, service)).map(([service]) => this.startService(service)),
      ...Object.entries(this.file.tasks).filter(([, task]) => has(trigger, task)).map(([task]) => this.runTask(task)),
    ]))
  }

  /**
   * Runs the start command, which must keep running, and the ready command once a second until it exits with 0. Does nothing
   * if the service runs already: "This call will not error if the service is already running or has been started" (StartService).
   */
  async startService(service: string, timeoutMs = 300_000): Promise<void> {
    const running = this.running.get(service)?.process
    if (running && running.exitCode === null && running.signalCode === null)
      return
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

function killTree({ pid }: ChildProcess): void {
  const identity = pid === undefined ? null : identify(pid)
  if (identity)
    signalTree(identity, 'SIGKILL')
}

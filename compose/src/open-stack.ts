import type { Config } from './config.ts'
import type { Stack } from './stack.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultDataDir } from './config.ts'
import { DataFolder } from './data/data-folder.ts'
import { chooseProject, ComposeProject } from './docker/compose-project.ts'
import { ComposeStack } from './docker/compose-stack.ts'
import { dockerSync } from './docker/docker.ts'
import { checkEngine, NOT_INSTALLED } from './docker/engine.ts'
import { EmbeddedStack } from './embedded/embedded-stack.ts'
import { freePort, isFree } from './machine/ports.ts'
import { Refusal } from './refusal.ts'

/** The two implementations of a stack, one per mode. */
export function stacks(config: Config): Record<'embedded' | 'compose', Stack> {
  return { embedded: new EmbeddedStack(config), compose: new ComposeStack(config) }
}

/** Returns the stack that MODE selects, else the running one, else the one that ran last. If nothing runs, it reports that. */
export function openStack(config: Config): Stack {
  const { embedded, compose } = stacks(config)
  if (config.mode)
    return config.mode === 'compose' ? compose : embedded
  if (embedded.exists())
    return embedded
  const found = lastMode(config) === 'compose' || hasContainers(config, compose) ? compose : embedded
  if (found === embedded && mayHaveContainers(config))
    console.error(`${checkEngine(config.dockerEnv).problem}. If \`docker compose up\` has run here, its containers and data are out of reach until an engine responds.`)
  if (swarmRuns(config) && !found.exists())
    console.error(`The swarm stack ${config.stack} is running, which only the swarm verbs see: \`docker stack services ${config.stack}\` shows it, \`make swarm-down\` removes it.`)
  return found
}

/** Whether this stack's containers exist. Remembers it: `docker compose up` leaves no other trace once the engine stops. */
function hasContainers(config: Config, compose: Stack): boolean {
  if (!compose.exists())
    return false
  const folder = new DataFolder(config.dataDir)
  if (folder.readMemory()?.mode !== 'compose') {
    folder.create()
    folder.remember({ mode: 'compose', project: new ComposeProject(config).name })
  }
  return true
}

/** Whether a plain `docker compose up` may have left data that no verb has seen: an engine is installed, but does not respond. */
function mayHaveContainers(config: Config): boolean {
  return config.dataDir === defaultDataDir && lastMode(config) === undefined && ![null, NOT_INSTALLED].includes(checkEngine(config.dockerEnv).problem)
}

/** Whether the stack that `make swarm-up` deployed from this data folder is running. */
function swarmRuns({ dataDir, stack, dockerEnv }: Config): boolean {
  return existsSync(join(dataDir, 'swarm'))
    && Boolean(dockerSync(['service', 'ls', '--quiet', '--filter', `label=com.docker.stack.namespace=${stack}`], dockerEnv))
}

/** The mode that has this stack's data; undefined before the first start. */
export function lastMode({ dataDir }: Config): Mode | undefined {
  const folder = new DataFolder(dataDir)
  return folder.readMemory()?.mode ?? (existsSync(folder.postgres) ? 'embedded' : undefined)
}

type Mode = NonNullable<Config['mode']>

/**
 * Chooses the mode for `make up`: MODE if set, else the mode that is running, else the one that has the data, else containers
 * if Docker is available. Prints a choice that it made itself. Throws a Refusal if the system is running in another mode than
 * MODE, or if its data is in containers and no engine responds.
 */
export function chooseMode(config: Config, say: (line: string) => void): Mode {
  const { embedded, compose } = stacks(config)
  const running = embedded.exists() ? 'embedded' : hasContainers(config, compose) ? 'compose' : undefined
  if (config.mode) {
    if (running && running !== config.mode)
      throw new Refusal(`The system already runs with MODE=${running}. Run \`make down\` first, or leave MODE out.`)
    return config.mode
  }
  if (running)
    return running
  const { problem, remedy } = checkEngine(config.dockerEnv)
  const last = lastMode(config)
  if (last === 'compose' && problem !== null)
    throw new Refusal(`${problem}, and this system's data is in its containers' volume. ${remedy} To start another, empty system as plain processes: \`make up MODE=embedded\`.`)
  if (last === 'embedded') {
    say('The system starts as plain processes (MODE=embedded), which have its data.')
    return last
  }
  if (problem !== null) {
    say(`${problem}, so the system starts as plain processes (MODE=embedded)${mayHaveContainers(config) ? ', with another database than `docker compose up`' : ''}. ${remedy}`)
    return 'embedded'
  }
  say('A Docker engine is running, so the system starts in containers (MODE=compose).')
  return 'compose'
}

/** Chooses what a start runs: the mode, the Compose project and the ports. Prints each choice that may surprise. */
export async function chooseStack(given: Config, say: (line: string) => void): Promise<{ config: Config, mode: Mode, stack: Stack }> {
  const mode = chooseMode(given, say)
  if (mode === 'compose' && checkEngine(given.dockerEnv).problem === null)
    await chooseProject(given, say)
  const config = { ...given, ports: await choosePorts(given) }
  return { config, mode, stack: stacks(config)[mode] }
}

/**
 * The ports of this start: those that the caller named; else those that PORTS=auto chose earlier, or chooses now; else the
 * defaults. Earlier ones that another process has taken since are replaced if PORTS=auto is set again.
 */
export async function choosePorts(config: Config): Promise<Config['ports']> {
  const folder = new DataFolder(config.dataDir)
  const memory = folder.readMemory()?.ports
  const ports = { ...config.ports }
  const isRunning = () => Object.values(stacks(config)).some(stack => stack.exists())
  for (const [part, variable] of [['postgres', 'PGPORT'], ['api', 'API_PORT'], ['ui', 'UI_PORT']] as const) {
    if (config.named.has(variable))
      continue
    const before = memory?.[part]
    if (before !== undefined && (!config.autoPorts || isRunning() || await isFree(before)))
      ports[part] = before
    else if (config.autoPorts)
      ports[part] = await freePort()
  }
  return ports
}

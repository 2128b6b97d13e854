// `make service PART=api`: runs one part in the foreground, as development platforms expect of a service. Prints the part's
// log and runs until SIGTERM or Ctrl-C. All other verbs find it: status, logs, validate, audit, scale, down.
import type { Config } from '../config.ts'
import type { Service } from '../data/state.ts'
import { DataFolder } from '../data/data-folder.ts'
import { SERVICES } from '../data/state.ts'
import { followLogs } from '../embedded/log-files.ts'
import { endLeftovers, liveServices, liveState } from '../embedded/owners.ts'
import { superviseFolder } from '../embedded/supervisor.ts'
import { readable } from '../machine/log-line.ts'
import { requireFreePorts } from '../machine/ports.ts'
import { choosePorts, lastMode } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

await runVerb(async (given) => {
  const config = { ...given, ports: await choosePorts(given) }
  const service = SERVICES.find(name => name === config.part)
  if (!service)
    throw new Refusal(`${config.part === undefined ? 'PART is not set' : `PART=${config.part} is not a service`}. The services are ${SERVICES.join(', ')}: \`make service PART=postgres\`.`)
  if (config.mode === 'compose')
    throw new Refusal('MODE=compose starts all parts together, with `make up`. To run one service as a process, leave MODE out.')
  const folder = new DataFolder(config.dataDir, service)
  const isRunning = () => liveServices(config.dataDir).includes(service)
  let isOwner = false
  // A platform may start a service once for each of its triggers: a second start follows the first one instead of failing.
  if (!isRunning()) {
    if (lastMode(config) === 'compose')
      console.error('This system\'s data is in containers. `make service` runs processes, which have another database; `make up` runs the containers.')
    try {
      await prepare(config, folder, service)
      await superviseFolder(folder, () => {}, stop => process.stdout.on('error', () => stop('its output was closed')), service)
      isOwner = true
    }
    catch (error) {
      if (!(error instanceof Refusal && isRunning()))
        throw error
    }
  }
  if (!isOwner)
    console.error(`${service} is already running. This shows its log; Ctrl-C here leaves it running.`)
  const ofService = (part: string) => part === service || part.startsWith(`${service}-`)
  for await (const { part, text } of followLogs(folder, 0, new AbortController().signal, () => isOwner || isRunning())) {
    if (ofService(part))
      console.log(readable(text))
  }
  return 0
})

/** Throws a Refusal if the service cannot start. Writes the desired state, unless services that already run have set it. */
async function prepare(config: Config, folder: DataFolder, service: Service): Promise<void> {
  folder.create()
  if (liveState(new DataFolder(config.dataDir)))
    throw new Refusal(`\`make up\` already runs everything, including ${service}. Run \`make down\` first.`)
  const live = liveServices(config.dataDir)
  for (const left of [new DataFolder(config.dataDir), folder])
    await endLeftovers(left)
  const { ports: { postgres, api, ui }, logLevel, workers, apis } = config
  if (live.length === 0 || !folder.readDesired())
    folder.writeDesired({ ports: { postgres, api, ui }, workers: workers ?? 1, apis, logLevel, restarts: {} })
  const { ports } = folder.readDesired()!
  if (service !== 'worker')
    await requireFreePorts({ [service]: ports[service] }, `make service PART=${service}`)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { repoRoot } from '../config.ts'
import { DataFolder } from '../data/data-folder.ts'
import { chooseProject } from '../docker/compose-project.ts'
import { checkEngine } from '../docker/engine.ts'
import { editedSince } from '../embedded/edited-since.ts'
import { endOnAbort } from '../machine/processes.ts'
import { chooseMode, choosePorts, stacks } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { requireServices } from '../repositories.ts'
import { showProgress } from '../show-progress.ts'
import { duration, runVerb } from '../verb.ts'

/** A new machine downloads every dependency first. */
const PREPARE_TIMEOUT_MS = 30 * 60_000

await runVerb(async (given) => {
  requireServices()
  // A Ctrl-C reaches every process of this terminal. A second one must not interrupt the cleanup that the first one started.
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!interrupted.signal.aborted)
        console.log('Stopping ...')
      interrupted.abort()
    })
  }

  const mode = chooseMode(given, line => console.log(line))
  if (mode === 'embedded')
    await prepareParts(interrupted.signal)
  else if (checkEngine(given.dockerEnv).problem === null)
    await chooseProject(given, line => console.log(line))
  const config = { ...given, ports: await choosePorts(given) }
  const stack = stacks(config)[mode]

  const begin = Date.now()
  const { progress, end } = showProgress()
  const outcome = await stack.start(progress, interrupted.signal).finally(end)
  if (config.autoPorts) {
    const folder = new DataFolder(config.dataDir)
    folder.writeMemory({ ...folder.readMemory()!, ports: config.ports })
  }
  const { ui, api, postgresPort } = stack.endpoints()
  const parts = await stack.parts()
  const took = duration(Date.now() - begin)
  console.log({
    'started': `Up in ${took}.`,
    'updated': `The system was running already. It is up to date now (${took}); parts that needed no change were left alone.`,
    'already up': 'The system is already running. Nothing was changed.',
  }[outcome])
  console.log(`
  Console   ${ui}
  API       ${api}   (health: ${api}/health)
  Postgres  psql -h localhost${postgresPort === 5432 ? '' : ` -p ${postgresPort}`} -U postgres -d payments
`)
  for (const { name, health, restarts, lastDeath } of parts) {
    if (health !== 'ok')
      console.log(`${name} is not healthy (${health}). See \`make status\`.`)
    else if (lastDeath)
      console.log(`${name} died ${duration(Date.now() - lastDeath.at)} ago (${lastDeath.how}) and was restarted. Restarts so far: ${restarts}.`)
  }
  const { ports } = config
  if (mode === 'embedded' && outcome !== 'started') {
    if (!(api.endsWith(`:${ports.api}`) && ui.endsWith(`:${ports.ui}`) && postgresPort === ports.postgres) && ['PGPORT', 'API_PORT', 'UI_PORT'].some(name => config.named.has(name)))
      console.log('The ports you set were not applied: the system already runs on others. To change them, run `make down` first.')
    for (const { part, file } of editedSince(parts))
      console.log(`${part} is older than your last edit (${file}). To apply it: \`make down\`, then \`make up\`.`)
  }
  console.log('Next: make validate, make status, make logs, make down')
  return 0
})

/** Installs and builds the parts if they are missing or out of date: `make parts`. Containers use images instead. */
async function prepareParts(signal: AbortSignal): Promise<void> {
  // The make that started this verb set these. They would share its job server, and print the folders and `make[1]`.
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, ...env } = process.env
  const deadline = AbortSignal.timeout(PREPARE_TIMEOUT_MS)
  const make = spawn('make', ['--silent', 'parts'], { cwd: repoRoot, env, stdio: ['ignore', 'inherit', 'inherit'] })
  endOnAbort(make, AbortSignal.any([signal, deadline]))
  const line = await once(make, 'exit').then(([code]) => code === 0 ? null : 'The parts could not be installed or built. The reason is above.', (error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? 'make is not installed. It installs and builds the parts, so install it first.' : `make did not start: ${error.message}`)
  if (signal.aborted)
    throw new Refusal('Stopped. Nothing was started.')
  if (deadline.aborted)
    throw new Refusal(`The parts were not installed and built within ${PREPARE_TIMEOUT_MS / 60_000} minutes. Check the network, then run \`make up\` again.`)
  if (line !== null)
    throw new Refusal(line)
}

import type { Config } from '../config.ts'
import type { Endpoints } from '../stack.ts'
import { DataFolder } from '../data/data-folder.ts'
import { editedSince } from '../embedded/edited-since.ts'
import { liveState } from '../embedded/owners.ts'
import { prepareParts } from '../embedded/prepare-parts.ts'
import { waitFor } from '../machine/wait-for.ts'
import { chooseStack } from '../open-stack.ts'
import { requireServices } from '../repositories.ts'
import { showProgress } from '../show-progress.ts'
import { abortOnSignals, duration, runVerb } from '../verb.ts'

const HEALTHY_TIMEOUT_MS = 10_000
const POLL_MS = 200

await runVerb(async (given) => {
  requireServices()
  const interrupted = abortOnSignals(() => console.log('Stopping ...'))

  const { config, mode, stack } = await chooseStack(given, line => console.log(line))
  if (mode === 'embedded' && !liveState(new DataFolder(config.dataDir))) // a running system runs what was built when it started
    await prepareParts('parts', interrupted.signal)

  const begin = Date.now()
  const { progress, end } = showProgress()
  const outcome = await stack.start(progress, interrupted.signal).finally(end)
  const { ui, api, postgresPort } = stack.endpoints()
  let parts = await stack.parts()
  // One check of a busy machine can time out.
  await waitFor('every part to become healthy', async () => (parts = await stack.parts()).every(({ health }) => health === 'ok'), { timeoutMs: HEALTHY_TIMEOUT_MS, pollMs: POLL_MS }).catch(() => {})
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
  if (config.consoleChaos) {
    console.log(outcome === 'started'
      ? `The console's map can kill workers (CONSOLE_CHAOS=1): ${ui}/map`
      : 'CONSOLE_CHAOS=1 applies only when the system starts. If the map offers no Kill: `make down`, then `make up CONSOLE_CHAOS=1`.')
  }
  const unhealthy = parts.filter(({ health }) => health !== 'ok')
  for (const { name, health, restarts, lastDeath } of parts) {
    if (health !== 'ok')
      console.log(`${name} is not healthy (${health}). See \`make status\`.`)
    else if (lastDeath)
      console.log(`${name} died ${duration(Date.now() - lastDeath.at)} ago (${lastDeath.how}) and was restarted. Restarts so far: ${restarts}.`)
  }
  if (mode === 'embedded' && outcome !== 'started') {
    const ignored = notApplied(config, stack.endpoints())
    if (ignored.length > 0)
      console.log(`${ignored.join(', ')} ${ignored.length === 1 ? 'was' : 'were'} not applied: the system already runs with other settings. To change them, run \`make down\` first.`)
    for (const { part, file } of editedSince(parts))
      console.log(`${part} is older than your last edit (${file}). To apply it: \`make down\`, then \`make up\`.`)
  }
  console.log('Next: make validate, make status, make logs, make down')
  return unhealthy.length === 0 ? 0 : 1
})

/** The settings that the caller named and that running processes do not have: they get them when they start. */
function notApplied({ ports, named, logLevel, dataDir, inheritedEnv }: Config, { api, ui, postgresPort }: Endpoints): string[] {
  const isApplied: Record<string, boolean> = {
    PGPORT: postgresPort === ports.postgres,
    API_PORT: api.endsWith(`:${ports.api}`),
    UI_PORT: ui.endsWith(`:${ports.ui}`),
    LOG_LEVEL: new DataFolder(dataDir).readDesired()?.logLevel === logLevel,
    PAYMENTS_NODE_OPTIONS: inheritedEnv.NODE_OPTIONS === undefined, // not recorded
  }
  return Object.keys(isApplied).filter(name => named.has(name) && !isApplied[name])
}

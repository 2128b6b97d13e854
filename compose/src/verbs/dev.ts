// `make dev`: the whole system in development form, in the foreground. What is saved is live within seconds, all logs appear
// here, and Ctrl-C stops everything. All other verbs find the system as usual.
import type { LogLine } from '../stack.ts'
import { debugPort } from '../debug-ports.ts'
import { ComposeStack } from '../docker/compose-stack.ts'
import { prepareParts } from '../embedded/prepare-parts.ts'
import { requireFreeDebugPorts } from '../machine/ports.ts'
import { printLogLine } from '../machine/print-log-line.ts'
import { chooseStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { requireServices } from '../repositories.ts'
import { showProgress } from '../show-progress.ts'
import { abortOnSignals, duration, runVerb } from '../verb.ts'

await runVerb(async (given) => {
  requireServices()
  const stopped = abortOnSignals(() => console.log('Stopping ...'))
  process.stdout.on('error', () => stopped.abort())

  const { config, mode, stack } = await chooseStack({ ...given, dev: true }, line => console.log(line))
  if ((await stack.parts()).some(part => part.pid !== null && part.state !== 'left behind'))
    throw new Refusal('The system is already running. Run `make down` first, then `make dev`.')
  await requireFreeDebugPorts(config)
  if (mode === 'embedded')
    await prepareParts('dependencies', stopped.signal)

  const begin = Date.now()
  const { progress, end } = showProgress()
  const outcome = await stack.start(progress, stopped.signal).finally(end)
  if (outcome !== 'started')
    throw new Refusal('Another `make up` or `make dev` has just started the system. Run `make down` first, then `make dev`.')
  const { ui, api, postgresPort } = stack.endpoints()
  console.log(`Up in ${duration(Date.now() - begin)}, for development.

  Console   ${ui}   (changes appear in the open page)
  API       ${api}   (restarts on save, like the workers)
  Postgres  psql -h localhost${postgresPort === 5432 ? '' : ` -p ${postgresPort}`} -U postgres -d payments   (new migrations are applied)
`)
  for (const { name } of await stack.parts()) {
    const port = debugPort(config.debugPort, name)
    if (port !== null)
      console.log(`  Debugger of ${name.padEnd(10)} 127.0.0.1:${port}`)
  }
  if (config.consoleChaos)
    console.log(`  The console's map can kill workers (CONSOLE_CHAOS=1): ${ui}/map`)
  console.log('\nCtrl-C stops everything.\n')

  const followed = new AbortController()
  const shown = [show(stack.logs({ lines: 0, follow: true, signal: stopped.signal }))]
  if (stack instanceof ComposeStack)
    shown.push(show(stack.watch(AbortSignal.any([stopped.signal, followed.signal]))))
  await shown[0]
  followed.abort()
  await Promise.all(shown)
  if (!stopped.signal.aborted)
    console.log('The system was stopped.')
  const stopping = Date.now()
  if (await stack.stop())
    console.log(`Stopped in ${duration(Date.now() - stopping)}. Your data is kept.`)
  return 0
})

async function show(lines: AsyncIterable<LogLine>): Promise<void> {
  for await (const line of lines)
    printLogLine(line)
}

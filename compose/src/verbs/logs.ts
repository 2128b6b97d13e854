import { SERVICES } from '../data/state.ts'
import { printLogLine } from '../machine/print-log-line.ts'
import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { NOTHING_RUNS } from '../stack.ts'
import { runVerb } from '../verb.ts'

const LINES_AT_FIRST = 10
/** The parts that a system has, in either mode. While none is running, its numbered ones are unknown. */
const KINDS: readonly string[] = [...SERVICES, 'proxy']

await runVerb(async (config) => {
  const stopped = new AbortController()
  process.on('SIGINT', () => stopped.abort())
  process.on('SIGTERM', () => stopped.abort())
  process.stdout.on('error', () => stopped.abort()) // make logs | head
  const parts = (await openStack(config).parts()).map(({ name }) => name)
  const known = parts.length > 0 ? parts : KINDS
  if (!known.some(wanted) && !(parts.length === 0 && KINDS.some(kind => config.part!.startsWith(`${kind}-`))))
    throw new Refusal(`There is no part ${config.part}. The parts are ${known.join(', ')}.`)
  let shown = false
  for await (const { part, text } of openStack(config).logs({ lines: LINES_AT_FIRST, follow: true, signal: stopped.signal })) {
    if (wanted(part)) {
      shown = true
      printLogLine({ part, text })
    }
  }
  if (!stopped.signal.aborted)
    console.log(shown ? 'Nothing is running here. Above are the last lines of each log.' : NOTHING_RUNS)
  return 0

  function wanted(part: string): boolean {
    return config.part === undefined || part === config.part || part.startsWith(`${config.part}-`)
  }
})

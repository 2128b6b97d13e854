import { readable } from '../machine/log-line.ts'
import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

const LINES_AT_FIRST = 10
const COLOURS = [36, 33, 32, 35, 34, 31]

await runVerb(async (config) => {
  const stopped = new AbortController()
  process.on('SIGINT', () => stopped.abort())
  process.on('SIGTERM', () => stopped.abort())
  process.stdout.on('error', () => stopped.abort()) // make logs | head
  const parts = [...new Set((await openStack(config).parts()).map(({ name }) => name.replace(/-\d+$/, '')))]
  if (config.part !== undefined && parts.length > 0 && !parts.includes(config.part.replace(/-\d+$/, '')))
    throw new Refusal(`PART=${config.part} is not a part: the parts are ${parts.join(', ')}, and one worker is worker-1`)
  for await (const { part, text } of openStack(config).logs({ lines: LINES_AT_FIRST, follow: true, signal: stopped.signal })) {
    if (config.part === undefined || part === config.part || part.startsWith(`${config.part}-`)) {
      for (const line of readable(text).split('\n'))
        console.log(`${prefix(part)} ${line}`)
    }
  }
  if (!stopped.signal.aborted)
    console.log('Nothing runs here (any more): these were the last lines.')
  return 0
})

/** The part's name before its log line, in one colour per part on a terminal. */
function prefix(part: string): string {
  const text = `${part.padEnd(10)} |`
  if (!process.stdout.isTTY)
    return text
  const sum = [...part].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  return `\u001B[${COLOURS[sum % COLOURS.length]}m${text}\u001B[0m`
}

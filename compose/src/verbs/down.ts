import { openStack } from '../open-stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const begin = Date.now()
  const stopped = await openStack(config).stop()
  if (stopped)
    console.log(`Everything is stopped (${duration(Date.now() - begin)}). The data stays: make up starts on it, make reset removes it.`)
  else
    console.log('Nothing runs here.')
  return 0
})

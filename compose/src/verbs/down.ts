import { openStack } from '../open-stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const begin = Date.now()
  const stopped = await openStack(config).stop()
  if (stopped)
    console.log(`Stopped in ${duration(Date.now() - begin)}. Your data is kept: \`make up\` uses it again, \`make reset\` deletes it.`)
  else
    console.log('Nothing is running here.')
  return 0
})

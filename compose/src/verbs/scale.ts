import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const stack = openStack(config)
  if (config.workers === undefined)
    throw new Refusal('how many? make scale WORKERS=4')
  await stack.scale(config.workers)
  console.log(`Workers that run and are healthy: ${config.workers}.`)
  return 0
})

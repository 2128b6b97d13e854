import { count } from '../count.ts'
import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const stack = openStack(config)
  if (config.workers === undefined)
    throw new Refusal('WORKERS is not set. Set how many workers to run: `make scale WORKERS=4`.')
  await stack.scale(config.workers)
  console.log(`Running with ${count(config.workers, 'healthy worker')}.`)
  return 0
})

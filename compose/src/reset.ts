import { openStack } from './open-stack.ts'
import { runVerb } from './verb.ts'

await runVerb(async (config) => {
  await openStack(config).reset()
  console.log(`Everything is stopped and its data is removed (${config.dataDir}).`)
  return 0
})

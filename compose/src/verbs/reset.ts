import { checkEngine } from '../docker/engine.ts'
import { stacks } from '../open-stack.ts'
import { runVerb } from '../verb.ts'

// Both modes may have left data, but only one of them can be running.
await runVerb(async (config) => {
  const { embedded, compose } = stacks(config)
  await embedded.stop()
  if (config.mode === 'compose' || (config.mode !== 'embedded' && checkEngine(config.dockerEnv).problem === null))
    await compose.reset()
  await embedded.reset()
  console.log(`Everything is stopped, and all data in ${config.dataDir} is deleted.`)
  return 0
})

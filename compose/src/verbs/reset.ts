import { unclaimedVolume } from '../docker/compose-project.ts'
import { checkEngine } from '../docker/engine.ts'
import { lastMode, stacks } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

// Both modes may have left data, but only one of them can be running.
await runVerb(async (config) => {
  const { embedded, compose } = stacks(config)
  const { problem, remedy } = checkEngine(config.dockerEnv)
  const inContainers = config.mode === 'compose' || (config.mode !== 'embedded' && lastMode(config) === 'compose')
  if (problem !== null && inContainers)
    throw new Refusal(`${problem}, so the data in containers cannot be deleted. Nothing was deleted. ${remedy}`)
  await embedded.stop()
  if (problem === null && config.mode !== 'embedded')
    await compose.reset()
  await embedded.reset()
  console.log(`Everything is stopped, and all data in ${config.dataDir} is deleted.`)
  const volume = problem === null ? await unclaimedVolume(config) : undefined
  if (volume)
    console.log(`The volume ${volume} is left: it may be the data of another clone. If you have no other, delete it with \`docker compose down --volumes\` here.`)
  return 0
})

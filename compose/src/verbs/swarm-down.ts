// `make swarm-down`: stops the stack that `make swarm-up` deployed.
import { SwarmStack } from '../swarm/swarm-stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const begin = Date.now()
  const stack = new SwarmStack(config)
  const { ran, left } = await stack.down()
  console.log(ran
    ? `The stack ${config.stack} is down (${duration(Date.now() - begin)}). The data stays: make swarm-up starts on it, docker volume rm ${stack.volume} removes it.`
    : `No stack ${config.stack} runs here.`)
  if (left)
    console.log('The swarm that make swarm-up made is ended, too.')
  return 0
})

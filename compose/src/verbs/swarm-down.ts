// `make swarm-down`: stops the stack that `make swarm-up` deployed.
import { SwarmStack } from '../swarm/swarm-stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const begin = Date.now()
  const stack = new SwarmStack(config)
  const { ran, left } = await stack.down()
  console.log(ran
    ? `The stack ${config.stack} was stopped in ${duration(Date.now() - begin)}. Your data is kept: \`make swarm-up\` uses it again, \`docker volume rm ${stack.volume}\` deletes it.`
    : `No stack ${config.stack} is running here.`)
  if (left)
    console.log('The swarm that `make swarm-up` created is removed too.')
  return 0
})

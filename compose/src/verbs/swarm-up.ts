// `make swarm-up`: deploys this tree as a Docker Swarm stack, or updates and scales the stack that runs.
import { count } from '../count.ts'
import { requireServices } from '../repositories.ts'
import { showProgress } from '../show-progress.ts'
import { SwarmStack } from '../swarm/swarm-stack.ts'
import { abortOnSignals, duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  requireServices()
  const interrupted = abortOnSignals()

  const begin = Date.now()
  const { progress, end } = showProgress()
  const stack = new SwarmStack(config)
  const { apis, workers, ports } = await stack.up(line => console.log(line), progress, interrupted.signal).finally(end)
  console.log(`The stack ${config.stack} is up to date and healthy after ${duration(Date.now() - begin)}: ${count(apis, 'API')}, ${count(workers, 'worker')}.

  Console   http://localhost:${ports.ui}   on every node of the swarm, at all of its addresses
  API       http://localhost:${ports.api}   (health: http://localhost:${ports.api}/health)

After a change, run \`make swarm-up\` again: it rolls the change out, and back if it does not become healthy.
To scale: \`make swarm-up APIS=3 WORKERS=4\`.
Next: docker stack services ${config.stack}, docker service logs ${config.stack}_api, make swarm-down`)
  return 0
})

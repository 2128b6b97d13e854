// `make swarm-up`: deploys this tree as a Docker Swarm stack, or updates and scales the stack that runs.
import { SwarmStack } from '../swarm/swarm-stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort())

  const begin = Date.now()
  const stack = new SwarmStack(config)
  const { apis, workers, ports } = await stack.up(line => console.log(line), ({ name, tookMs }) => {
    if (tookMs !== null)
      console.log(`  ${name.padEnd(15)} ${duration(tookMs).padStart(8)}`)
  }, interrupted.signal)
  console.log(`Up to date and healthy after ${duration(Date.now() - begin)}: the stack ${config.stack}, APIs ${apis}, workers ${workers}.

  Console   http://localhost:${ports.ui}   on each node of the swarm, at each of its addresses
  API       http://localhost:${ports.api}   (health: http://localhost:${ports.api}/health)

Again after a change it is rolled out, and rolled back where it does not get healthy; make swarm-up APIS=3 WORKERS=4 scales.
Next: docker stack services ${config.stack}, docker service logs ${config.stack}_api, make swarm-down`)
  return 0
})

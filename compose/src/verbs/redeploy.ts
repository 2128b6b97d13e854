// `make redeploy PART=api`: rebuilds one service from the current sources, and replaces what runs of it.
import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { showProgress } from '../show-progress.ts'
import { REDEPLOYED } from '../stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const service = REDEPLOYED.find(name => name === config.part)
  if (!service)
    throw new Refusal(`${config.part === undefined ? 'PART is not set' : `PART=${config.part} cannot be redeployed`}. The services are ${REDEPLOYED.join(', ')}: \`make redeploy PART=api\`.`)
  const begin = Date.now()
  const { progress, end } = showProgress()
  await openStack(config).redeploy(service, progress).finally(end)
  console.log(`Redeployed ${service} in ${duration(Date.now() - begin)}.${service === 'ui' || service === 'proxy' ? ' It did not respond while it was replaced.' : ''}`)
  return 0
})

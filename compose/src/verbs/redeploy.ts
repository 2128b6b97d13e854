// `make redeploy PART=api`: rebuilds one service from the current sources, and replaces what runs of it.
import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { REDEPLOYED } from '../stack.ts'
import { duration, runVerb } from '../verb.ts'

await runVerb(async (config) => {
  const service = REDEPLOYED.find(name => name === config.part)
  if (!service)
    throw new Refusal(`${config.part === undefined ? 'PART is not set' : `PART=${config.part} cannot be redeployed`}. The services are ${REDEPLOYED.join(', ')}: \`make redeploy PART=api\`.`)
  const begin = Date.now()
  await openStack(config).redeploy(service, ({ name, tookMs }) => {
    if (tookMs !== null)
      console.log(`  ${name.padEnd(15)} ${duration(tookMs).padStart(8)}`)
  })
  console.log(`Redeployed ${service} in ${duration(Date.now() - begin)}.${service === 'ui' || service === 'proxy' ? ' It did not respond while it was replaced.' : ''}`)
  return 0
})

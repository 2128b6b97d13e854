// `make contracts-record`: writes contracts/ anew from what the services say. What has changed then is what is promised.
import { join } from 'node:path'
import { repoRoot } from './config.ts'
import { record } from './contracts/record.ts'
import { runVerb } from './verb.ts'

await runVerb(async () => {
  const steps = await record(join(repoRoot, 'contracts'))
  for (const { name, problems } of steps) {
    console.log(`${problems.length > 0 ? 'FAILED' : 'ok    '}  ${name}`)
    problems.forEach(problem => console.log(`        ${problem}`))
  }
  return steps.some(({ problems }) => problems.length > 0) ? 1 : 0
})

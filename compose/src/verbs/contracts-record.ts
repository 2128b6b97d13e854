// `make contracts-record`: regenerates contracts/ from the services. The diff shows which promises change.
import { join } from 'node:path'
import { repoRoot } from '../config.ts'
import { record } from '../contracts/record.ts'
import { printStep } from '../contracts/step.ts'
import { runVerb } from '../verb.ts'

await runVerb(async () => {
  const steps = await record(join(repoRoot, 'contracts'))
  return steps.map(printStep).every(isRight => isRight) ? 0 : 1
})

// `node loadtest/runner/check-settings.ts load`, or chaos or bench: refuses a wrong setting of that verb, before make installs and
// builds what the verb runs.
import { runVerb } from '../../compose/src/verb.ts'
import { readBenchSettings } from '../bench/bench-settings.ts'
import { measures } from '../bench/measures.ts'
import { readChaosSettings } from '../chaos/chaos-settings.ts'
import { faults } from '../faults/faults.ts'
import { readLoadSettings } from './load-settings.ts'

await runVerb(async (config) => {
  const [verb] = process.argv.slice(2)
  if (verb === 'load')
    readLoadSettings(process.env)
  else if (verb === 'chaos')
    readChaosSettings(process.env, config, faults)
  else
    readBenchSettings(process.env, measures.map(({ name }) => name))
  return 0
})

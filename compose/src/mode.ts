// Prints how `make up` runs the system, for the Makefile: what has to be installed and built first depends on it.
import { chooseMode } from './choose-mode.ts'
import { runVerb } from './verb.ts'

await runVerb(async (config) => {
  console.log(chooseMode(config, line => console.error(line)))
  return 0
})

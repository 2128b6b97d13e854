// Settling, measured on the real worker: how fast, how soon, at what depth, and beside an old snapshot.
//   node loadtest/bench/settle.ts        ONLY=rates,latency,depth,snapshot  ROUNDS=3
// Each file in settle/ says its own settings.
import process from 'node:process'
import { depth } from './settle/depth.ts'
import { latency } from './settle/latency.ts'
import { rates } from './settle/rates.ts'
import { snapshot } from './settle/snapshot.ts'

const measures: Record<string, () => Promise<void>> = { rates, latency, depth, snapshot }

const only = process.env.ONLY?.split(',') ?? Object.keys(measures)
const unknown = only.filter(name => !(name in measures))
if (unknown.length > 0) {
  process.stderr.write(`ONLY=${process.env.ONLY} is wrong: there is no ${unknown.join(', ')}; choose from ${Object.keys(measures).join(',')}\n`)
  process.exit(1)
}
for (const name of only) {
  console.log(`\n${name}`)
  await measures[name]!()
}

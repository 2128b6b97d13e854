// Runs every invariant of contracts/invariants against the running system: `make audit`.
import { connect } from './connect.ts'
import { checkInvariants } from './invariants.ts'
import { openStack } from './open-stack.ts'
import { duration, runVerb } from './verb.ts'

const TIMEOUT_MS = 60_000
const ROWS_SHOWN = 10

await runVerb(async (config) => {
  const connectionString = config.databaseUrl ?? openStack(config).endpoints().databaseUrl
  const client = await connect(connectionString, TIMEOUT_MS)
  const broken: string[] = []
  let checked = 0
  for await (const { file, promise, rows, tookMs } of checkInvariants(client)) {
    checked++
    const verdict = rows.length === 0 ? 'kept  ' : 'BROKEN'
    console.log(`${verdict}  ${promise}  (${file}, ${duration(tookMs)})`)
    if (rows.length > 0)
      broken.push(file)
    for (const row of rows.slice(0, ROWS_SHOWN))
      console.log(`  | ${JSON.stringify(row)}`)
    if (rows.length > ROWS_SHOWN)
      console.log(`  | and ${rows.length - ROWS_SHOWN} more`)
  }
  await client.end()
  if (broken.length > 0) {
    console.log(`${broken.length} of ${checked} invariants are broken: ${broken.join(', ')}`)
    return 1
  }
  console.log(`All ${checked} invariants hold.`)
  return 0
})

// Runs every invariant of contracts/invariants: `make audit`. Each file promises something in its first comment, and
// its query finds what breaks the promise.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from './config.ts'
import { connect } from './connect.ts'
import { openStack } from './open-stack.ts'
import { Refusal } from './refusal.ts'
import { duration, runVerb } from './verb.ts'

const folder = join(repoRoot, 'contracts/invariants')
const TIMEOUT_MS = 60_000
const ROWS_SHOWN = 10

await runVerb(async (config) => {
  const connectionString = config.databaseUrl ?? openStack(config).endpoints().databaseUrl
  const files = readdirSync(folder).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0)
    throw new Refusal(`there is no invariant in ${folder}`)
  const client = await connect(connectionString, TIMEOUT_MS)
  const broken: string[] = []
  // One snapshot for all: payments that settle meanwhile cannot make two queries disagree.
  await client.query('begin isolation level repeatable read read only')
  for (const file of files) {
    const sql = readFileSync(join(folder, file), 'utf8')
    const begin = Date.now()
    const { rows } = await client.query<Record<string, unknown>>(sql)
    const verdict = rows.length === 0 ? 'kept  ' : 'BROKEN'
    console.log(`${verdict}  ${promise(sql)}  (${file}, ${duration(Date.now() - begin)})`)
    if (rows.length > 0)
      broken.push(file)
    for (const row of rows.slice(0, ROWS_SHOWN))
      console.log(`  | ${JSON.stringify(row)}`)
    if (rows.length > ROWS_SHOWN)
      console.log(`  | and ${rows.length - ROWS_SHOWN} more`)
  }
  await client.end()
  if (broken.length > 0) {
    console.log(`${broken.length} of ${files.length} invariants are broken: ${broken.join(', ')}`)
    return 1
  }
  console.log(`All ${files.length} invariants hold.`)
  return 0
})

/** What a file promises: the comment lines that it starts with. */
function promise(sql: string): string {
  const lines = sql.split('\n')
  const end = lines.findIndex(line => !line.startsWith('--'))
  return lines.slice(0, end === -1 ? undefined : end).map(line => line.replace(/^--\s*/, '')).join(' ')
}

// `make audit`: checks the payments since the last anchor, or all of them with FULL=1. Adds an anchor if every invariant
// holds and the last anchor is over a day old.
import { anchorText, extendAnchors, lastAnchor, mayAddAnchors, missingAnchors, savedAnchors } from '../anchors.ts'
import { count } from '../count.ts'
import { DataFolder } from '../data/data-folder.ts'
import { checkInvariants } from '../invariants.ts'
import { connect, disconnect } from '../machine/connect.ts'
import { openStack } from '../open-stack.ts'
import { duration, runVerb, warnIfIgnored } from '../verb.ts'

const TIMEOUT_MS = 300_000
const ROWS_SHOWN = 10
const ANCHOR_EVERY_MS = 24 * 3600 * 1000

await runVerb(async (config) => {
  warnIfIgnored('DATABASE_URL', 'PAYMENTS_DATABASE_URL')
  const { databaseUrl, ownerUrl } = config.databaseUrl ? { databaseUrl: config.databaseUrl, ownerUrl: config.databaseUrl } : openStack(config).endpoints()
  const client = await connect(databaseUrl, TIMEOUT_MS)
  const file = new DataFolder(config.dataDir).anchors
  const last = await lastAnchor(client)
  console.log(config.full || !last
    ? `Checking all payments: ${config.full ? 'FULL=1 is set' : 'there is no anchor yet'}.`
    : `Checking the payments since anchor ${last.seq} (${last.createdAt.toISOString()}). FULL=1 checks all of them.`)

  const broken: string[] = []
  let checked = 0
  const report = (promise: string, where: string, rows: object[]): void => {
    checked++
    console.log(`${rows.length === 0 ? 'holds ' : 'BROKEN'}  ${promise}  (${where})`)
    for (const row of rows.slice(0, ROWS_SHOWN))
      console.log(`  | ${JSON.stringify(row)}`)
    if (rows.length > ROWS_SHOWN)
      console.log(`  | and ${rows.length - ROWS_SHOWN} more`)
  }
  for (const { name, file, promise, rows, tookMs } of await checkInvariants(databaseUrl, TIMEOUT_MS, config.full ? undefined : last?.since)) {
    report(promise, `${file}: ${name}, ${duration(tookMs)}`, rows)
    if (rows.length > 0)
      broken.push(name)
  }
  const saved = await savedAnchors(client, file)
  const missing = await missingAnchors(client, config.anchor ? [...saved, config.anchor] : saved)
  report('The database has every anchor that is saved outside of it, unchanged.', config.anchor ? `${file} and ANCHOR` : file, missing)
  if (missing.length > 0)
    broken.push('saved-anchors')

  await disconnect(client)
  if (broken.length > 0) {
    console.log(`Broken: ${broken.length} of ${count(checked, 'invariant')} (${broken.join(', ')}). The rows above break them.`)
    return 1
  }
  if (!last || Date.now() - last.createdAt.getTime() > ANCHOR_EVERY_MS) {
    const owner = await connect(ownerUrl, TIMEOUT_MS)
    if (await mayAddAnchors(owner))
      console.log(`Anchor ${anchorText(await extendAnchors(owner, file))} covers everything accepted and settled so far.`)
    await disconnect(owner)
  }
  console.log(`All ${checked} invariants hold.`)
  return 0
})

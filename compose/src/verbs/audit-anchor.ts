// `make audit-anchor`: adds an anchor to the chain, prints it and saves it in the data folder.
import { anchorText, extendAnchors, mayAddAnchors } from '../anchors.ts'
import { count } from '../count.ts'
import { DataFolder } from '../data/data-folder.ts'
import { connect, disconnect } from '../machine/connect.ts'
import { openStack } from '../open-stack.ts'
import { Refusal } from '../refusal.ts'
import { runVerb } from '../verb.ts'

const TIMEOUT_MS = 300_000

await runVerb(async (config) => {
  const client = await connect(config.databaseUrl ?? openStack(config).endpoints().ownerUrl, TIMEOUT_MS)
  if (!await mayAddAnchors(client))
    throw new Refusal('The login of DATABASE_URL may not add anchors. Use the login of the schema\'s owner, on a primary.')
  const { anchors } = new DataFolder(config.dataDir)
  const anchor = await extendAnchors(client, anchors)
  await disconnect(client)
  console.log(`Anchor ${anchorText(anchor)}`)
  console.log(`It covers ${count(anchor.payments, 'payment')} accepted and ${anchor.results} settled since the previous anchor. It was added at ${anchor.createdAt.toISOString()} and is saved in ${anchors}.`)
  console.log(`Save the first line elsewhere too. Later, \`make audit FULL=1 ANCHOR=${anchor.seq}:...\` proves that nothing it covers has changed.`)
  return 0
})

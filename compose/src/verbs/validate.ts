// `make validate`: runs the guide's seven checks against the running system. Each run pays into a new account, so it can be
// repeated on a database with data.
import { randomUUID } from 'node:crypto'
import { connect, disconnect } from '../machine/connect.ts'
import { openStack } from '../open-stack.ts'
import { checks } from '../validation-checks.ts'
import { duration, runVerb, warnIfIgnored } from '../verb.ts'

const QUERY_TIMEOUT_MS = 10_000

await runVerb(async (config) => {
  warnIfIgnored('DATABASE_URL', 'PAYMENTS_DATABASE_URL')
  warnIfIgnored('API_URL', 'PAYMENTS_API_URL')
  const running = () => openStack(config).endpoints()
  const api = config.apiUrl ?? running().api
  const database = await connect(config.databaseUrl ?? running().databaseUrl, QUERY_TIMEOUT_MS)
  const validation = {
    api,
    database,
    accountId: `validate-${randomUUID()}`,
    key: `validate-${randomUUID()}`,
    paymentId: '',
  }
  try {
    for (const [index, { name, check }] of checks.entries()) {
      const begin = Date.now()
      const title = `${index + 1}/${checks.length}  ${name}`
      try {
        console.log(`${title}: ${await check(validation)} (${duration(Date.now() - begin)})`)
      }
      catch (error) {
        console.log(`${title}: ❌`)
        throw error
      }
    }
  }
  finally {
    await disconnect(database)
  }
  console.log('\n✅ ALL VALIDATION CHECKS PASSED\n\nSummary:')
  for (const { name } of checks)
    console.log(`  • ${name}: ✅`)
  return 0
})

import type { Api } from '../support/api.ts'
import type { TestDatabase } from '../support/database.ts'
import { startApi } from '../support/api.ts'
import { createDatabase } from '../support/database.ts'
import { waitForListener } from '../support/wait-for-listener.ts'
import { messages } from './messages.ts'
import { providerStates } from './states.ts'
import { verifyPacts } from './support/verify-pacts.ts'

/** How long a request waits for an idempotency key in use. The role's 2 s would only make the test slower. */
const LOCK_TIMEOUT = '200ms'

describe('payments-api', () => {
  let database: TestDatabase
  let api: Api

  before(async () => {
    database = await createDatabase()
    const { pathname } = new URL(database.url())
    await database.sql(`alter role payments_api in database ${pathname.slice(1)} set lock_timeout = '${LOCK_TIMEOUT}'`)
    api = await startApi(database.url('payments_api'))
    await waitForListener(database)
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
  })

  it('meets every pact that names it as the provider', async () => {
    const system = { url: api.url, database }
    await verifyPacts({ name: 'payments-api', url: api.url, states: providerStates(system), messages: messages(system) })
  })
})

import type { Api } from '../support/api.ts'
import type { TestDatabase } from '../support/database.ts'
import { startApi } from '../support/api.ts'
import { createDatabase } from '../support/database.ts'
import { listening } from '../support/listening.ts'
import { messages } from './messages.ts'
import { providerStates } from './states.ts'
import { verifyPacts } from './support/verify-pacts.ts'

/** How long a rival's idempotency key is waited for here: the role's 2 s prove no more. */
const LOCK_TIMEOUT = '200ms'

describe('payments-api keeps what it promised', () => {
  let database: TestDatabase
  let api: Api

  before(async () => {
    database = await createDatabase()
    const { pathname } = new URL(database.url())
    await database.sql(`alter role payments_api in database ${pathname.slice(1)} set lock_timeout = '${LOCK_TIMEOUT}'`)
    api = await startApi(database.url('payments_api'))
    await listening(database)
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
  })

  it('to everybody who has a pact with it', async () => {
    const system = { url: api.url, database }
    await verifyPacts({ name: 'payments-api', url: api.url, states: providerStates(system), messages: messages(system) })
  })
})

import assert from 'node:assert/strict'
import { pino } from 'pino'
import { connect } from '../src/sql/connect.ts'
import { openAccount } from '../src/sql/open-account.ts'
import { createDatabase } from './support/database.ts'

describe('openAccount', () => {
  it('does not wait for a worker that is posting in the same currency', async () => {
    const database = await createDatabase()
    const [api, worker] = (['payments_api', 'payments_worker'] as const).map(role => connect(database.url(role), 1, 'test', pino({ level: 'silent' })))
    try {
      await openAccount(api!, 'ACC-1', 'USD')
      await worker!.transaction(async (posting) => {
        // As posting locks accounts; the API's lock_timeout of 2 s is the deadline.
        await posting.raw(`select from accounts where id in ('ACC-1', 'settlement:USD:0') order by id for no key update`)
        await posting.raw(`update accounts set updated_at = now() where id in ('ACC-1', 'settlement:USD:0')`)
        assert.equal(await openAccount(api!, 'ACC-2', 'USD'), 'USD')
      })
    }
    finally {
      await Promise.all([api!.destroy(), worker!.destroy()])
      await database.drop()
    }
  })
})

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { GUARDS_PATH, guardsSql } from '../scripts/write-guards.ts'
import { SCHEMA_PATH, schemaSql } from '../scripts/write-schema.ts'
import { migrate, migrationNames } from '../src/sql/migrate.ts'
import { createDatabase } from './support/database.ts'

describe('migrations', () => {
  it('bring an empty database up to date once, however many migrators start', async () => {
    const database = await createDatabase({ empty: true })
    try {
      const runs = await Promise.all([migrate(database.url()), migrate(database.url()), migrate(database.url())])
      assert.deepEqual(runs.map(names => names.length).sort(), [0, 0, (await migrationNames()).length])
      assert.deepEqual(await migrate(database.url()), [])
    }
    finally {
      await database.drop()
    }
  })

  it('run after a migrator was killed with Knex\'s lock row set', async () => {
    const database = await createDatabase()
    try {
      await database.sql('update schema_migrations_lock set is_locked = 1')
      assert.deepEqual(await migrate(database.url()), [])
    }
    finally {
      await database.drop()
    }
  })

  it('match contracts/schema.sql (to fix: npm run schema)', async function () {
    if (!existsSync(SCHEMA_PATH))
      this.skip() // this service was cloned without the contracts
    assert.equal(await readFile(SCHEMA_PATH, 'utf8'), await schemaSql())
  })

  it('install the guards that contracts/invariants/guards.sql expects (to fix: npm run schema)', async function () {
    if (!existsSync(GUARDS_PATH))
      this.skip() // this service was cloned without the contracts
    const database = await createDatabase({ empty: true })
    try {
      await migrate(database.url())
      assert.equal(await readFile(GUARDS_PATH, 'utf8'), await guardsSql(database.url()))
      assert.deepEqual(await database.sql(await readFile(GUARDS_PATH, 'utf8')), [])
    }
    finally {
      await database.drop()
    }
  })
})

import type { Api } from './api.ts'
import type { TestDatabase } from './database.ts'
import { startApi } from './api.ts'
import { createDatabase } from './database.ts'

/** Starts an API on a new database before the tests of a suite, and stops both after them. For use in hooks and tests only. */
export function useApi(): { database: TestDatabase, api: Api } {
  let database: TestDatabase
  let api: Api
  before(async () => {
    database = await createDatabase()
    api = await startApi(database.url('payments_api'))
  })
  after(async () => {
    await api?.stop()
    await database?.drop()
  })
  return {
    database: {
      url: role => database.url(role),
      sql: (statement, values) => database.sql(statement, values),
      drop: () => database.drop(),
    },
    api: {
      get url() { return api.url },
      get process() { return api.process },
      get log() { return api.log },
      stop: () => api.stop(),
    },
  }
}

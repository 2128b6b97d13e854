import pg from 'pg'

const CONNECT_TIMEOUT_MS = 1_500
/** Longest time to add an anchor, which reads all payments and results. */
const ADD_TIMEOUT_MS = 120_000

/** Returns whether payments have waited for an anchor for over a day. */
export async function isAnchorDue(databaseUrl: string): Promise<boolean> {
  return await withProver(databaseUrl, async (client) => {
    const { rows: [row] } = await client.query<{ due: boolean }>('select anchor_is_due() as due')
    return row!.due
  })
}

/** Adds an anchor and returns it as SEQ:DIGEST, or undefined if another process has just added one. */
export async function addDailyAnchor(databaseUrl: string): Promise<string | undefined> {
  return await withProver(databaseUrl, async (client) => {
    await client.query('begin read write') // this login is read-only by default
    await client.query(`set local statement_timeout = ${ADD_TIMEOUT_MS}; set local jit = off`)
    const { rows: [row] } = await client.query<{ anchor: string | null }>(`
      select seq || ':' || encode(digest, 'hex') as anchor from add_daily_anchor()`)
    await client.query('commit')
    return row?.anchor ?? undefined
  })
}

async function withProver<Result>(databaseUrl: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'payments-api anchor', connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: 2 * ADD_TIMEOUT_MS })
  client.on('error', () => {}) // the statement in flight rejects too
  await client.connect()
  try {
    return await use(client)
  }
  finally {
    await client.end()
  }
}

import type { Response } from 'express'
import type { AddressInfo } from 'node:net'
import express from 'express'
import pg from 'pg'
import { z } from 'zod'

// The ceiling of the framework: Express with its JSON parser and a zod check, and nothing behind them. With a database's URL
// as its argument, the ceiling of an API that commits what it takes: its answers wait for a commit that they share.

/** The API's body, without its rules. */
const Body = z.strictObject({
  accountId: z.string(),
  amount: z.union([z.string(), z.number()]),
  currency: z.string().default('USD'),
  description: z.string().default(''),
})

/** Writes the payments and jobs of one batch: all that arrived while the last write was on its way. */
const WRITE = `
with p as (
  insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
  select uuidv7(), 'echo', key, sha256('x'), account_id, 'USD', amount, description, now(), now()
    from unnest($1::text[], $2::text[], $3::numeric[], $4::text[]) as i(key, account_id, amount, description)
  returning id)
insert into recon_jobs (payment_id) select id from p`

const app = express()
app.disable('etag').disable('x-powered-by') // as in the API
app.use(express.json())

const [, , databaseUrl] = process.argv
if (databaseUrl === undefined) {
  app.post('/payments', (req, res) => {
    res.status(201).json(Body.parse(req.body))
  })
}
else {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  let line: { key: string, body: z.output<typeof Body>, res: Response }[] = []
  let writing = false
  async function write(): Promise<void> {
    const batch = line
    line = []
    await client.query({
      name: 'write',
      text: WRITE,
      values: [
        batch.map(({ key }) => key),
        batch.map(({ body }) => body.accountId),
        batch.map(({ body }) => body.amount),
        batch.map(({ body }) => body.description),
      ],
    })
    writing = line.length > 0
    if (writing)
      void write()
    // The database works on the next batch while these are answered.
    for (const { body, res } of batch)
      res.status(201).json(body)
  }
  app.post('/payments', (req, res) => {
    line.push({ key: req.get('idempotency-key')!, body: Body.parse(req.body), res })
    if (!writing) {
      writing = true
      setImmediate(write)
    }
  })
}

const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
process.once('SIGTERM', () => process.exit(0))

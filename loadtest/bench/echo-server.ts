import type { Response } from 'express'
import type { AddressInfo } from 'node:net'
import express from 'express'
import pg from 'pg'
import { z } from 'zod'

// The upper bound for an Express API: its JSON parser and a zod check, and nothing else. With a database URL as its argument,
// the upper bound for an API that stores payments: responses wait for a shared commit.

/** The API's request body, without its rules. */
const Body = z.strictObject({
  accountId: z.string(),
  amount: z.union([z.string(), z.number()]),
  currency: z.string().default('USD'),
  description: z.string().default(''),
})

/** Writes the payments and jobs of one batch: everything that arrived during the previous write. */
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
  let queue: { key: string, body: z.output<typeof Body>, res: Response }[] = []
  let writing = false
  async function write(): Promise<void> {
    const batch = queue
    queue = []
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
    writing = queue.length > 0
    if (writing)
      void write()
    // Respond while Postgres writes the next batch.
    for (const { body, res } of batch)
      res.status(201).json(body)
  }
  app.post('/payments', (req, res) => {
    queue.push({ key: req.get('idempotency-key')!, body: Body.parse(req.body), res })
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

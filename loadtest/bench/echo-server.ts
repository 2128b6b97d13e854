import type { AddressInfo } from 'node:net'
import express from 'express'
import { z } from 'zod'

/** The ceiling of the framework: Express with its JSON parser and a zod check, and nothing behind them. */
const Body = z.strictObject({
  accountId: z.string(),
  amount: z.union([z.string(), z.number()]),
  currency: z.string().default('USD'),
  description: z.string().default(''),
})

const app = express()
app.use(express.json())
app.post('/payments', (req, res) => {
  res.status(201).json(Body.parse(req.body))
})
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
process.once('SIGTERM', () => process.exit(0))

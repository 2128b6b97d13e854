import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { openApiText } from '../scripts/write-openapi.ts'
import { PROBLEMS } from '../src/http/problem.ts'
import { call } from './support/api.ts'
import { openStream } from './support/event-stream.ts'
import { useApi } from './support/use-api.ts'
import { waitForListener } from './support/wait-for-listener.ts'

interface Problem { type: string, title: string, status: number, detail: string, instance: string, errors?: unknown }
interface Content { schema: object, examples?: Record<string, { value: Problem }> }
interface Document { paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, Content> }> }>> }

const document = JSON.parse(openApiText()) as Document
const responses = Object.values(document.paths).flatMap(path => Object.values(path)).flatMap(operation => Object.entries(operation.responses))

describe('the OpenAPI document', () => {
  const { database, api } = useApi()

  before(async () => {
    await waitForListener(database)
  })

  it('has an example of each problem of each response, with its status', () => {
    for (const [status, { content }] of responses.filter(([status]) => Number(status) >= 400)) {
      const examples = Object.entries(content['application/problem+json']!.examples ?? {})
      assert.ok(examples.length > 0)
      for (const [name, { value }] of examples)
        assert.deepEqual([value.type, value.status, value.title], [`/problems/${name}`, Number(status), PROBLEMS[name as keyof typeof PROBLEMS].title])
    }
  })

  it('has examples equal to the problems that the API sends', async () => {
    const examples = new Map(responses.flatMap(([, { content }]) => Object.values(content['application/problem+json']?.examples ?? {})).map(({ value }) => [value.type, value]))
    const body = { accountId: 'ACC-001', amount: '1.00' }
    const headers = { 'idempotency-key': randomUUID() }
    await call(`${api.url}/payments`, { body: { ...body, currency: 'EUR' }, headers })
    const sent = await Promise.all([
      call<Problem>(`${api.url}/payments?limit=201`),
      call<Problem>(`${api.url}/payments`, { body }),
      call<Problem>(`${api.url}/payments`, { body, headers: { 'idempotency-key': 'a b' } }),
      call<Problem>(`${api.url}/payments`, { body: '{"amount":1,"amount":2}', headers }),
      call<Problem>(`${api.url}/payments`, { body: 'x', headers: { ...headers, 'content-type': 'text/plain' } }),
      call<Problem>(`${api.url}/payments`, { body: { ...body, amount: '2.00', currency: 'EUR' }, headers }),
      call<Problem>(`${api.url}/payments`, { body, headers: { 'idempotency-key': randomUUID() } }),
    ])
    for (const { body: { instance, ...problem } } of sent) {
      const { instance: example, ...rest } = examples.get(problem.type)!
      assert.deepEqual(problem, rest)
      assert.match(example, /^urn:uuid:[0-9a-f-]{36}$/)
      assert.match(instance, /^urn:uuid:[0-9a-f-]{36}$/)
    }
  })

  it('describes the events of the stream and their data', async () => {
    const ajv = addFormats.default(new Ajv2020({ strict: false }))
    const { schema } = document.paths['/events']!.get!.responses[200]!.content['text/event-stream']!
    const kinds = (schema as { anyOf: { properties: { event: { const: string }, data: { contentSchema: object } } }[] }).anyOf
    const stream = await openStream(`${api.url}/events`, { 'last-event-id': 'elsewhere:1' })
    try {
      for (const name of ['resync', 'hello', 'payment', 'arrived', 'heartbeat']) {
        if (name === 'payment')
          await database.sql(`select pg_notify('payment_events', $1)`, [JSON.stringify({ completed: [randomUUID()] })])
        if (name === 'arrived')
          await database.sql(`select pg_notify('recon_jobs', '')`)
        const event = await stream.next(name)
        const fields = { event: name, data: event.data, ...(event.id && { id: event.id }) }
        assert.ok(ajv.validate(schema, fields), `${JSON.stringify(fields)}: ${ajv.errorsText()}`)
        assert.ok(ajv.validate(kinds.find(kind => kind.properties.event.const === name)!.properties.data.contentSchema, JSON.parse(event.data)), event.data)
      }
    }
    finally {
      stream.close()
    }
  })
})

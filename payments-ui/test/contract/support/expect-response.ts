import type { ApiResult, PaymentsApi } from '../../../server/utils/payments-api.ts'
import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { JSON_TYPE, problem, PROBLEM_TYPE } from './expected.ts'
import { clientOf, pact } from './pact.ts'

interface Interaction {
  /** The provider state and the facts that it must establish. */
  given?: [state: string, facts?: Record<string, string | number | string[]>]
  /** The interaction's name in the pact. */
  description: string
  method?: 'GET' | 'POST'
  path: Parameters<ReturnType<typeof pact.addInteraction>['withRequest']>[1]
  query?: Record<string, string | ReturnType<typeof Matchers.fromProviderState<string>>>
  /** Sent as JSON. */
  body?: object
  /** The client's call that sends the request. */
  call: (client: PaymentsApi) => Promise<ApiResult<unknown>>
}

/** Records the request and the response fields that the client reads, and checks that the client returns them unchanged. */
export async function expectResponse(interaction: Interaction, body: object): Promise<void> {
  await record(interaction).willRespondWith(200, response => response.headers(JSON_TYPE).jsonBody(body)).executeTest(async (server) => {
    const expected = Matchers.reify(body)
    const result = await interaction.call(clientOf(server))
    assert.ok(result.ok)
    assert.deepEqual(JSON.parse(result.text), expected)
    assert.deepEqual(result, { ok: true, status: 200, headers: {}, body: expected, text: result.text })
  })
}

/** Records a request that the API refuses with a known type of problem, and checks that the client returns the problem. */
export async function expectProblem(interaction: Interaction, ...kind: Parameters<typeof problem>): Promise<void> {
  const refused = problem(...kind)
  await record(interaction).willRespondWith(kind[1], response => response.headers(PROBLEM_TYPE).jsonBody(refused)).executeTest(async (server) => {
    assert.deepEqual(await interaction.call(clientOf(server)), { ok: false, headers: {}, problem: Matchers.reify(refused) })
  })
}

function record({ given, description, method = 'GET', path, query, body }: Interaction) {
  const interaction = pact.addInteraction()
  if (given)
    interaction.given(...given)
  return interaction.uponReceiving(description).withRequest(method, path, (request) => {
    if (query)
      request.query(query)
    if (body)
      request.headers({ 'Content-Type': 'application/json' }).jsonBody(body)
  })
}

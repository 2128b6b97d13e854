import type { ApiResult, PaymentsApi } from '../../../server/utils/payments-api.ts'
import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { JSON_TYPE, problem, PROBLEM_TYPE } from './expected.ts'
import { clientOf, pact } from './pact.ts'

interface Interaction {
  /** A state of the provider in the domain's words, and the facts that it is to have. */
  given?: [state: string, facts?: Record<string, string | number | string[]>]
  /** What is asked, for people: the interaction's name. */
  description: string
  method?: 'GET' | 'POST'
  path: Parameters<ReturnType<typeof pact.addInteraction>['withRequest']>[1]
  query?: Record<string, string | ReturnType<typeof Matchers.fromProviderState<string>>>
  /** JSON that is sent with it. */
  body?: object
  /** The client's call that asks it. */
  call: (client: PaymentsApi) => Promise<ApiResult<unknown>>
}

/** Records that the client asks this and reads these fields of the answer; the client must hand them on as they are. */
export async function expectResponse(interaction: Interaction, body: object): Promise<void> {
  await record(interaction).willRespondWith(200, response => response.headers(JSON_TYPE).jsonBody(body)).executeTest(async (server) => {
    assert.deepEqual(await interaction.call(clientOf(server)), { ok: true, status: 200, headers: {}, body: Matchers.reify(body) })
  })
}

/** Records that the API refuses this with a problem of a kind that the console knows. */
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

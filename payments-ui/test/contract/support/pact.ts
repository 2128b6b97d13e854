import type { V3MockServer } from '@pact-foundation/pact'
import type { PaymentsApi } from '../../../server/utils/payments-api.ts'
import { createPaymentsApi } from '../../../server/utils/payments-api.ts'
import { recordPact } from './record-pact.ts'

/** What the console expects of the API. */
export const { pact, mochaHooks } = recordPact('payments-ui', 'payments-api')

/** The client that the console's server uses, pointed at Pact's mock of the API. */
export function clientOf({ url }: V3MockServer): PaymentsApi {
  return createPaymentsApi({ baseUrl: url })
}

import { recordPact } from './record-pact.ts'

/** What this worker expects of the API. */
export const { pact, mochaHooks } = recordPact('recon-worker', 'payments-api')

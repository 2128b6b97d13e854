import { recordPact } from './record-pact.ts'

/** What this API expects of the worker. */
export const { pact, mochaHooks } = recordPact('payments-api', 'recon-worker')

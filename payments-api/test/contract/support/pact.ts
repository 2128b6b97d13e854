import { recordPact } from './record-pact.ts'

/** Records what this API expects of the worker. */
export const { pact, mochaHooks } = recordPact('payments-api', 'recon-worker')

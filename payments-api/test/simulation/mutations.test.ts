import type { Mutation } from './support/mutate.ts'
import { schedulesToFind, withDefect } from './support/mutate.ts'
import { isFull } from './support/run-schedules.ts'

const MUTATIONS: Mutation[] = [
  {
    defect: 'half of a batch is forgotten when the other half has a refused payment',
    file: 'domain/group-commit.ts',
    from: 'await writeBatch(batch.slice(middle), retries)',
    to: '',
  },
  {
    defect: 'a whole batch is refused for one of its payments',
    file: 'domain/group-commit.ts',
    from: 'batch.length > 1 && is.refusedRow(error)',
    to: 'false',
  },
  {
    defect: 'a finished write keeps its slot',
    file: 'domain/in-batches.ts',
    from: 'inFlight--',
    to: '',
  },
  {
    defect: 'a payment whose key is taken is reported as created',
    file: 'domain/write-payments.ts',
    from: 'if (created.size === payments.length)',
    to: 'if (created.size >= 0)',
  },
  {
    defect: 'a created payment is reported as failed when a later look-up fails',
    file: 'domain/write-payments.ts',
    from: 'if (created.size === 0)',
    to: 'if (created.size >= 0)',
  },
  {
    defect: 'a write forgets a currency while it runs',
    file: 'domain/write-payments.ts',
    from: 'snapshot(payments, remembered.currencyOf)',
    to: 'remembered.currencyOf',
  },
  {
    defect: 'another payment with the key is returned as if it were this one',
    file: 'domain/create-payment.ts',
    from: 'holder.requestHash.equals(payment.requestHash)',
    to: 'true',
  },
  {
    defect: 'a lost connection counts as a refusal of the whole batch',
    file: 'domain/group-commit.ts',
    from: 'each.reject(error))',
    to: 'each.reject(new OverloadedError()))',
  },
  {
    defect: 'nobody is told that LISTEN has reconnected',
    file: 'sql/notifications.ts',
    from: 'on.listening()',
    to: '',
  },
  {
    defect: 'a silent LISTEN connection is never noticed',
    file: 'sql/notifications.ts',
    from: 'probe(next, broken)',
    to: '',
  },
  {
    defect: 'ids from before a resync stay valid',
    file: 'domain/event-hub.ts',
    from: 'this.#last += RING_SIZE + 1\n    this.#ring.length = 0',
    to: '',
  },
  {
    defect: 'events that wait for the end of the window are dropped',
    file: 'domain/event-hub.ts',
    from: 'this.#flush(KINDS)',
    to: '',
  },
]

describe('the simulation of the API', () => {
  for (const mutation of MUTATIONS) {
    it(`notices that ${mutation.defect}`, function () {
      withDefect(mutation) // every run notices a mutation that no longer applies
      if (!isFull)
        this.skip()
      console.log(`      after ${schedulesToFind(mutation)} schedules`)
    })
  }
})

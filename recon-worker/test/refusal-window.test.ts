import type { RefusalWindow } from '../src/refusal-window.ts'
import type { Attempts } from '../src/settle-jobs.ts'
import assert from 'node:assert/strict'
import { refusalWindow } from '../src/refusal-window.ts'

describe('the refusal window', () => {
  let window: RefusalWindow
  let jobs = 0
  beforeEach(() => {
    window = refusalWindow()
  })

  /** Makes a batch, one letter per job: r is refused, s settled, d deferred, h held. */
  function batch(kinds: string, attempts = 0): Attempts {
    const claimed = [...kinds].map(kind => ({ kind, paymentId: String(jobs++), accountId: 'A', amount: '1.00', runAt: new Date(), attempts }))
    const ids = (of: string): string[] => claimed.filter(({ kind }) => kind === of).map(({ paymentId }) => paymentId)
    return {
      claimed,
      failed: ids('r').map(paymentId => ({ paymentId, error: `refused ${paymentId}` })),
      deferred: ids('d'),
      held: ids('h'),
    }
  }
  const add = (kinds: string, attempts?: number): void => window.add(batch(kinds, attempts))

  it('judges the last 100 jobs of any number of batches, and never fewer', () => {
    add('r'.repeat(99))
    assert.equal(window.reasonToPause(), undefined)
    add('s')
    assert.match(window.reasonToPause()!, /^99 of the last 100 jobs were refused, the latest because: refused \d+$/)
    add('s'.repeat(48))
    assert.match(window.reasonToPause()!, /^51 of/)
    add('s')
    assert.equal(window.reasonToPause(), undefined, 'exactly half is not more than half')
  })

  it('skips retries, deferred jobs and held jobs, which say nothing new about the queue', () => {
    add('s'.repeat(100))
    add('r'.repeat(500), 1)
    add('d'.repeat(500))
    add('h'.repeat(500))
    assert.equal(window.reasonToPause(), undefined)
    add('r'.repeat(50))
    add('h'.repeat(500))
    assert.equal(window.reasonToPause(), undefined, 'exactly half is not more than half')
    add('r')
    assert.match(window.reasonToPause()!, /^51 of/)
  })

  it('judges a batch before it is added', () => {
    add('r'.repeat(50))
    assert.equal(window.reasonToPause(batch('r'.repeat(49))), undefined)
    assert.match(window.reasonToPause(batch('r'.repeat(50)))!, /^100 of/)
    assert.equal(window.reasonToPause(batch('s'.repeat(50))), undefined)
    assert.equal(window.reasonToPause(), undefined, 'none of them was added')
  })

  it('starts over when it is cleared', () => {
    add('r'.repeat(100))
    window.clear()
    add('r'.repeat(99))
    assert.equal(window.reasonToPause(), undefined)
  })
})

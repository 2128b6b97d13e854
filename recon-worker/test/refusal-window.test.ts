import type { RefusalWindow } from '../src/refusal-window.ts'
import assert from 'node:assert/strict'
import { refusalWindow } from '../src/refusal-window.ts'

describe('the refusal window', () => {
  let window: RefusalWindow
  let jobs = 0
  beforeEach(() => {
    window = refusalWindow()
  })

  /** Adds a batch, one letter per job: r is refused, s settled, d deferred, h held. */
  function add(kinds: string, attempts = 0): void {
    const claimed = [...kinds].map(kind => ({ kind, paymentId: String(jobs++), amount: '1.00', runAt: new Date(), attempts }))
    const ids = (of: string): string[] => claimed.filter(({ kind }) => kind === of).map(({ paymentId }) => paymentId)
    window.add({
      claimed,
      settled: ids('s').length,
      failed: ids('r').map(paymentId => ({ paymentId, error: `refused ${paymentId}`, status: 'pending' })),
      deferred: ids('d'),
      held: ids('h'),
    })
  }

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

  it('starts over when it is cleared', () => {
    add('r'.repeat(100))
    window.clear()
    add('r'.repeat(99))
    assert.equal(window.reasonToPause(), undefined)
  })
})

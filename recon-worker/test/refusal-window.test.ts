import type { RefusalWindow } from '../src/refusal-window.ts'
import assert from 'node:assert/strict'
import { refusalWindow } from '../src/refusal-window.ts'

describe('the window of refused jobs', () => {
  let window: RefusalWindow
  let jobs = 0
  beforeEach(() => {
    window = refusalWindow()
  })

  /** Adds a batch: r is a refused job, s a settled one, d a deferred one, h one whose account was held. */
  function add(outcomes: string, attempts = 0): void {
    const claimed = [...outcomes].map(outcome => ({ outcome, paymentId: String(jobs++), amount: '1.00', runAt: new Date(), attempts }))
    const ids = (of: string): string[] => claimed.filter(({ outcome }) => outcome === of).map(({ paymentId }) => paymentId)
    window.add({
      claimed,
      settled: ids('s').length,
      failed: ids('r').map(paymentId => ({ paymentId, error: `refused ${paymentId}`, status: 'pending' })),
      deferred: ids('d'),
      held: ids('h'),
    })
  }

  it('judges the last 100 jobs, over any number of batches, and never fewer', () => {
    add('r'.repeat(99))
    assert.equal(window.reasonToPause(), undefined)
    add('s')
    assert.match(window.reasonToPause()!, /^99 of the last 100 jobs were refused, the latest because: refused \d+$/)
    add('s'.repeat(48))
    assert.match(window.reasonToPause()!, /^51 of/)
    add('s')
    assert.equal(window.reasonToPause(), undefined, 'half of them is not over half')
  })

  it('leaves out retries, deferred jobs and those whose account was held: they tell nothing new', () => {
    add('s'.repeat(100))
    add('r'.repeat(500), 1)
    add('d'.repeat(500))
    add('h'.repeat(500))
    assert.equal(window.reasonToPause(), undefined)
    add('r'.repeat(50))
    add('h'.repeat(500))
    assert.equal(window.reasonToPause(), undefined, 'half of them is not over half')
    add('r')
    assert.match(window.reasonToPause()!, /^51 of/)
  })

  it('starts anew when it is cleared', () => {
    add('r'.repeat(100))
    window.clear()
    add('r'.repeat(99))
    assert.equal(window.reasonToPause(), undefined)
  })
})

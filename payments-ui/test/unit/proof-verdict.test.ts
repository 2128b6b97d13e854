import { describe, expect, it } from 'vitest'
import { proofVerdict } from '../../app/utils/proof-verdict'

function verdict(states: string[], { state = 'idle', failed = false } = {}) {
  return proofVerdict({
    state,
    failed,
    proofs: states.map(proof => ({ name: 'n', sentence: 'S.', state: proof, checkedAt: null, tookMs: null, brokenRows: 0, examples: [] })),
  })
}

describe('proofVerdict', () => {
  it.each([
    [['holds', 'holds'], {}, 'success', 'All 2 invariants hold'],
    [['holds', 'broken'], {}, 'error', '1 of 2 invariants is broken'],
    [['holds', 'broken'], { state: 'running' }, 'error', '1 of 2 invariants is broken'],
    [['holds', 'unchecked'], { state: 'running' }, 'neutral', 'Checking 2 invariants'],
    [['holds', 'holds'], { failed: true }, 'warning', 'The last check broke off'],
    [['holds', 'unfinished'], {}, 'warning', '1 of 2 invariants hold; 1 took too long to check'],
    [['unchecked', 'holds'], {}, 'neutral', '2 invariants, not checked yet'],
    [['holds', 'a newer state'], {}, 'neutral', '2 invariants, not checked yet'],
    [[], {}, 'neutral', '0 invariants, not checked yet'],
  ])('%o %o is %s: %s', (states, options, tone, title) => {
    expect(verdict(states, options)).toEqual({ tone, title })
  })
})

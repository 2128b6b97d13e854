import { describe, expect, it } from 'vitest'
import { compareReplays } from '../../app/utils/compare-replays'

const sent = (text: string, replayed = true) => ({ ok: true as const, text, replayed, tookMs: 4 })

describe('compareReplays', () => {
  it('counts bytes, not characters', () => {
    expect(compareReplays(sent('{"id":"1","d":"ü"}'), sent('{"id":"1","d":"ü"}'), '1')).toEqual({
      holds: true,
      sentence: 'Replayed, byte for byte: sent twice, and both responses have the same 19 bytes. No new payment was made.',
    })
  })

  it.each([
    ['another byte', sent('{"id":"1"}'), sent('{"id":"1" }'), 'Two repetitions have different bytes.'],
    ['a new payment', sent('{"id":"2"}', false), sent('{"id":"2"}'), 'The API did not say that it repeated this payment.'],
    ['another payment', sent('{"id":"2"}'), sent('{"id":"2"}'), 'The API did not say that it repeated this payment.'],
    ['no JSON', sent('<html>'), sent('<html>'), 'The API did not say that it repeated this payment.'],
    ['a refusal', sent('{"id":"1"}'), { ok: false as const, reason: 'Too busy.' }, 'Too busy.'],
  ])('does not claim it for %s', (_what, first, second, sentence) => {
    expect(compareReplays(first, second, '1')).toEqual({ holds: false, sentence })
  })
})

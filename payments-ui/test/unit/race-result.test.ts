import type { RaceLane } from '../../shared/types/race'
import { describe, expect, it } from 'vitest'
import { raceResult } from '../../app/utils/race-result'
import { subtractDecimals } from '../../app/utils/subtract-decimals'

const lane = (values: Partial<RaceLane> = {}): RaceLane => ({ startedMs: 0, endedMs: 5, status: 201, replayed: true, text: '{"id":"ü"}', problem: null, ...values })
const refused = lane({ status: 409, replayed: false, text: null, problem: { type: '/problems/x', title: 'x', status: 409 } })

describe('raceResult', () => {
  it('counts one payment and its replays', () => {
    expect(raceResult([lane(), lane({ replayed: false, endedMs: 12 }), lane()]))
      .toEqual({ created: 1, replayed: 2, refused: 0, identical: true, bytes: 11, tookMs: 12 })
  })

  it('finds a response that differs in one byte', () => {
    expect(raceResult([lane({ replayed: false }), lane({ text: '{"id":"u"}' })]).identical).toBe(false)
  })

  it('claims nothing if every request was refused', () => {
    expect(raceResult([refused, refused])).toMatchObject({ created: 0, replayed: 0, refused: 2, identical: false })
  })
})

describe('subtractDecimals', () => {
  it.each([
    ['40.00', '10.00', '30.00'],
    ['10.00', '10.00', '0.00'],
    ['0.05', '0.10', '-0.05'],
    ['-0.05', '0.10', '-0.15'],
    ['900719925474099.13', '0.01', '900719925474099.12'],
    ['100', '1', '99'],
    ['1.005', '1', '0.005'],
  ])('%s − %s = %s', (a, b, difference) => {
    expect(subtractDecimals(a, b)).toBe(difference)
  })
})

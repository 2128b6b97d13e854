import { describe, expect, it } from 'vitest'
import { checkLoad, fromCents, loadAmount, toCents } from '../../app/utils/load-check'
import { flowRates, mapWorkers } from '../../app/utils/map-flow'
import { aPayment } from '../support/a-payment'

const settled = (id: string, amount: string) => aPayment({ id, amount, status: 'completed', outcome: 'matched' })

describe('the check of a load', () => {
  const accepted = new Map([['a', '0.10'], ['b', '0.20']])

  it('is exact if every accepted payment settled once and the balance is their sum', () => {
    expect(checkLoad(accepted, [settled('b', '0.20'), settled('a', '0.10')], '0.30', 0))
      .toEqual({ settled: 2, lost: 0, surplus: 0, sum: '0.30', balance: '0.30', exact: true })
  })

  it.each([
    ['a payment is missing', [settled('a', '0.10')], '0.30', { lost: 1, settled: 1 }],
    ['a payment has another amount', [settled('a', '0.10'), settled('b', '0.21')], '0.30', { lost: 1 }],
    ['a payment was made twice', [settled('a', '0.10'), settled('b', '0.20'), settled('c', '0.20')], '0.50', { surplus: 1 }],
    ['the balance is a cent off', [settled('a', '0.10'), settled('b', '0.20')], '0.31', { lost: 0, surplus: 0 }],
    ['a payment is pending', [settled('a', '0.10'), aPayment({ id: 'b', amount: '0.20', status: 'pending' })], '0.10', { settled: 1, lost: 0 }],
  ] as const)('is not exact if %s', (_what, listed, balance, found) => {
    expect(checkLoad(accepted, listed, balance, 0)).toMatchObject({ ...found, exact: false })
  })

  it('counts what a request without a response may have made, but no more than that', () => {
    const listed = [settled('a', '0.10'), settled('b', '0.20'), settled('c', '0.40')]
    expect(checkLoad(accepted, listed, '0.70', 1)).toMatchObject({ surplus: 0, sum: '0.70', exact: true })
    expect(checkLoad(accepted, [...listed, settled('d', '0.10')], '0.80', 1)).toMatchObject({ surplus: 1, exact: false })
  })

  it('adds cents exactly beyond what a number holds', () => {
    expect(fromCents(toCents('90071992547409.93')! + 1n)).toBe('90071992547409.94')
  })

  it('makes amounts that reconciliation neither disputes nor refuses', () => {
    const amounts = Array.from({ length: 3_000 }, (_, n) => loadAmount(n))
    expect(amounts.filter(amount => !/^\d\.\d\d$/.test(amount) || amount === '0.00' || amount.endsWith('.13'))).toEqual([])
    expect(new Set(amounts).size).toBeGreaterThan(900)
  })
})

describe('the map', () => {
  it('counts as accepted what settled and what the queue grew by', () => {
    expect(flowRates({ atMs: 1_000, settled: 10, waiting: 5 }, { atMs: 3_000, settled: 30, waiting: 25 }))
      .toEqual({ acceptedPerSecond: 20, settledPerSecond: 10 })
  })

  it('has no rate before the second look, and none below zero when jobs die', () => {
    const sample = { atMs: 1_000, settled: 10, waiting: 5 }
    expect(flowRates(sample, sample)).toEqual({ acceptedPerSecond: 0, settledPerSecond: 0 })
    expect(flowRates(sample, { ...sample, atMs: 2_000, waiting: 0 })).toEqual({ acceptedPerSecond: 0, settledPerSecond: 0 })
  })

  it('shows the workers that run or are lost, by name', () => {
    const worker = { host: 'h', pid: 1, uncleanStops: 0, replacedBy: null, startedAt: '', lastSeenAt: '', stoppedAt: null, settled: 0 }
    const queue = { waiting: 0, dead: 0, oldestSeconds: null, pausedAt: null, pausedBy: null, pauseReason: null }
    const rate = { windowSeconds: 1, settled: 0, settledPerSecond: 0 }
    const workers = [['worker-10', 'running'], ['worker-2', 'lost'], ['worker-3', 'stopped']].map(([id, state]) => ({ ...worker, id: id!, state: state! }))
    expect(mapWorkers({ queue, settled: { ...rate, now: rate, latencyMs: { p50: null, p95: null, p99: null, longest: null } }, workers }).map(({ id }) => id)).toEqual(['worker-2', 'worker-10'])
    expect(mapWorkers(null)).toEqual([])
  })
})

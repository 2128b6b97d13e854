import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { coalesce } from '../../app/utils/coalesce'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('runs the first request at once and those that follow as one', async () => {
  const run = vi.fn(async () => {})
  const request = coalesce(run, 300)
  for (let i = 0; i < 10; i++)
    request()
  expect(run).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(299)
  expect(run).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(run).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(run).toHaveBeenCalledTimes(2)
})

it('never runs twice at a time', async () => {
  let running = 0
  let most = 0
  const request = coalesce(async () => {
    most = Math.max(most, ++running)
    await new Promise(resolve => setTimeout(resolve, 1_000))
    running--
  }, 300)
  request()
  await vi.advanceTimersByTimeAsync(500)
  request()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(most).toBe(1)
})

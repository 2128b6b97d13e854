import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { coalesce } from '../../app/utils/coalesce'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('runs the first call at once and merges those that follow into one run', async () => {
  const run = vi.fn(async () => {})
  const call = coalesce(run, 300)
  for (let i = 0; i < 10; i++)
    call()
  expect(run).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(299)
  expect(run).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(run).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(run).toHaveBeenCalledTimes(2)
})

it('never runs concurrently', async () => {
  let running = 0
  let most = 0
  const call = coalesce(async () => {
    most = Math.max(most, ++running)
    await new Promise(resolve => setTimeout(resolve, 1_000))
    running--
  }, 300)
  call()
  await vi.advanceTimersByTimeAsync(500)
  call()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(most).toBe(1)
})

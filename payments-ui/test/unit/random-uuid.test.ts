import { afterEach, expect, it, vi } from 'vitest'
import { randomUuid } from '../../app/utils/random-uuid'

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

afterEach(() => vi.unstubAllGlobals())

it('returns version 4 UUIDs', () => {
  expect(randomUuid()).toMatch(UUID_V4)
})

it('works without crypto.randomUUID, which plain http origins lack', () => {
  vi.stubGlobal('crypto', {
    getRandomValues: crypto.getRandomValues.bind(crypto),
  })
  expect(randomUuid()).toMatch(UUID_V4)
  expect(randomUuid()).not.toBe(randomUuid())
})

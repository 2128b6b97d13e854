import { expect, it } from 'vitest'
import { countText, MAX_EXCEPTIONS, shortCount } from '../../app/utils/count-text'

it('says where the API stopped counting', () => {
  expect(countText(99_999)).toBe('99,999')
  expect(countText(100_000)).toBe('100,000+')
  expect(countText(999, MAX_EXCEPTIONS)).toBe('999')
  expect(countText(1_000, MAX_EXCEPTIONS)).toBe('1,000+')
  expect(shortCount(100_000)).toBe('100k+')
})

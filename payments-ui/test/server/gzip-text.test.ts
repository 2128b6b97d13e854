import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { gzipText } from '../../server/utils/gzip-text'

const LONG = 'a payment, '.repeat(200)

it.each(['gzip', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8', 'GZIP'])('compresses for a browser that accepts %s', async (accepted) => {
  const compressed = await gzipText(LONG, accepted)
  expect(compressed!.length).toBeLessThan(LONG.length / 10)
  expect(gunzipSync(compressed!).toString()).toBe(LONG)
})

it.each([undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0, br'])('does not compress for a browser that accepts %s', async (accepted) => {
  expect(await gzipText(LONG, accepted)).toBeNull()
})

it('does not compress short texts or other bodies', async () => {
  expect(await gzipText('ok', 'gzip')).toBeNull()
  expect(await gzipText(null, 'gzip')).toBeNull()
})

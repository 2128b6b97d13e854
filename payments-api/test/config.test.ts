import assert from 'node:assert/strict'
import { readConfig } from '../src/config.ts'

describe('readConfig', () => {
  const read = (env: Record<string, string>): ReturnType<typeof readConfig> => readConfig({ DATABASE_URL: 'postgres://x@127.0.0.1/x', ...env })

  it('accepts only plain decimal digits as PORT, and names a wrong value in one line', () => {
    assert.deepEqual(['0', '80', '65535'].map(PORT => read({ PORT }).port), [0, 80, 65_535])
    assert.equal(read({}).port, 3001)
    for (const PORT of ['', ' ', '0x10', '1e3', '0b1', '+80', '-1', ' 80', '80 ', '80.0', '8_0', '0080', '65536', '٣', 'Infinity', '80\n', '80\nx'])
      assert.throws(() => read({ PORT }), { message: `PORT is ${JSON.stringify(PORT)}: must be a whole number from 0 to 65535, in decimal digits` })
  })

  it('refuses a HOST that is empty or contains a space', () => {
    for (const HOST of ['', ' ', 'a b'])
      assert.throws(() => read({ HOST }), /^ConfigError: HOST is |HOST is /)
  })
})

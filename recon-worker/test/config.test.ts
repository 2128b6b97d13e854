import assert from 'node:assert/strict'
import { readConfig } from '../src/config.ts'

describe('a setting', () => {
  const read = (env: Record<string, string>): ReturnType<typeof readConfig> => readConfig({ DATABASE_URL: 'postgres://x@127.0.0.1/x', ...env })

  for (const [name, min, max] of [['PORT', 0, 65_535], ['BATCH_SIZE', 1, 1_000], ['BATCHES_IN_FLIGHT', 1, 8], ['MAX_ATTEMPTS', 1, 100]] as const) {
    it(`${name} accepts only a plain decimal number, and names itself in one line otherwise`, () => {
      for (const value of ['', ' ', '0x10', '1e1', '0b1', '+80', '-1', ' 80', '80 ', '80.0', '8_0', '0080', String(max + 1), '٣', 'Infinity', '80\n', '80\nx'])
        assert.throws(() => read({ [name]: value }), { message: `${name} is ${JSON.stringify(value)}: must be a whole number from ${min} to ${max}, in decimal digits` })
    })
  }

  it('accepts its bounds and has a default', () => {
    const { port, batchSize, maxAttempts } = read({ PORT: '0', BATCH_SIZE: '1', MAX_ATTEMPTS: '100' })
    assert.deepEqual([port, batchSize, maxAttempts], [0, 1, 100])
    const byDefault = read({})
    assert.deepEqual([byDefault.port, byDefault.batchSize, byDefault.maxAttempts], [3002, 500, 5])
  })
})

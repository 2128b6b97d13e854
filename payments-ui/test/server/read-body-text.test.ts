import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { readBodyText } from '../../server/utils/read-body-text'
import { listen } from '../support/fake-api'

async function post(body: BodyInit): Promise<string> {
  const url = await listen(async (req, res) => {
    const text = await readBodyText(req, 10)
    res.writeHead(200, { connection: 'close' }).end(JSON.stringify(text ?? 'too large'))
  })
  const response = await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)
  return await response.json() as string
}

it('reads a body up to the limit', async () => {
  expect(await post('1234567890')).toBe('1234567890')
  expect(await post('')).toBe('')
})

it('refuses a body over the limit, with or without Content-Length', async () => {
  expect(await post('12345678901')).toBe('too large')
  expect(await post(Readable.toWeb(Readable.from(['12345', '678901'])) as ReadableStream)).toBe('too large')
})

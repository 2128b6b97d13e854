import { Buffer } from 'node:buffer'
import { get } from 'node:http'
import { expect, it } from 'vitest'
import { disconnectSignal } from '../../server/utils/disconnect-signal'
import { createPaymentsApi } from '../../server/utils/payments-api'
import { relayStream } from '../../server/utils/relay-stream'
import { listen, sendProblemJson, signal } from '../support/fake-api'

const CHUNK = Buffer.alloc(64 * 1024, 'x')
/** More than all buffers between the API and a browser hold. */
const MANY_CHUNKS = 2_000

/** Starts an API that exports as fast as it can, and a console server in front of it. */
async function start({ chunks, idleTimeoutMs = 5_000, breakOff = false }: { chunks: number, idleTimeoutMs?: number, breakOff?: boolean }) {
  const upstreamClosed = signal()
  const seen = { sent: 0, url: '' }
  const apiUrl = await listen(async (req, res) => {
    seen.url = req.url ?? ''
    res.once('close', upstreamClosed.resolve)
    res.writeHead(200, { 'content-type': 'text/csv' })
    for (; seen.sent < chunks && !res.destroyed; seen.sent++) {
      if (!res.write(CHUNK))
        await new Promise(resolve => res.once('drain', resolve).once('close', resolve))
    }
    if (breakOff)
      res.destroy()
    else
      res.end()
  })
  const uiUrl = await listen(async (req, res) => {
    const result = await createPaymentsApi({ baseUrl: apiUrl }).exportPayments(new URL(req.url ?? '', 'http://ui').searchParams, disconnectSignal(res))
    if (result.ok)
      await relayStream(result.body, res, { idleTimeoutMs })
    else
      sendProblemJson(res, result.problem.status, result.problem)
  })
  return { uiUrl, seen, upstreamClosed: upstreamClosed.promise }
}

it('forwards the filters, and everything that the API sends', async () => {
  const { uiUrl, seen } = await start({ chunks: 50 })
  const body = await (await fetch(`${uiUrl}/?status=failed`)).arrayBuffer()
  expect(body.byteLength).toBe(50 * CHUNK.length)
  expect(seen.url).toBe('/payments.csv?status=failed')
})

it('reads from the API no faster than the browser reads, and closes it when the browser disconnects', async () => {
  const { uiUrl, seen, upstreamClosed } = await start({ chunks: MANY_CHUNKS })
  const request = get(uiUrl)
  const response = await new Promise<import('node:http').IncomingMessage>(resolve => request.once('response', resolve))
  response.pause()
  let before = -1
  while (before !== seen.sent) {
    before = seen.sent
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  expect(seen.sent).toBeLessThan(MANY_CHUNKS / 2)
  request.destroy()
  await upstreamClosed
})

it('closes both sides when no data moves for too long', async () => {
  const { uiUrl, upstreamClosed } = await start({ chunks: MANY_CHUNKS, idleTimeoutMs: 100 })
  const request = get(uiUrl).on('error', () => {})
  request.once('response', response => response.pause().on('error', () => {}))
  await upstreamClosed
  request.destroy()
})

it('shows an interrupted export as broken, not as complete', async () => {
  const { uiUrl } = await start({ chunks: 3, breakOff: true })
  await expect(fetch(uiUrl).then(response => response.arrayBuffer())).rejects.toThrow()
})

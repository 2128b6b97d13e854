import type { ServerResponse } from 'node:http'
import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { disconnectSignal } from '../../server/utils/disconnect-signal'
import { createPaymentsApi } from '../../server/utils/payments-api'
import { closeEventStreams, relayEvents } from '../../server/utils/relay-events'
import { listen, sendProblemJson, signal } from '../support/fake-api'

/** Starts an API with an event stream, and a console server in front of it. */
async function start({ idleTimeoutMs, timeoutMs }: { idleTimeoutMs?: number, timeoutMs?: number } = {}) {
  const opened = signal<{ res: ServerResponse, after: string | undefined }>()
  const upstreamClosed = signal()
  const apiUrl = await listen((req, res) => {
    res.once('close', upstreamClosed.resolve)
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: hello\ndata: {}\n\n')
    opened.resolve({ res, after: req.headers['last-event-id'] as string | undefined })
  })
  const uiUrl = await listen(async (req, res) => {
    const result = await createPaymentsApi({ baseUrl: apiUrl, timeoutMs })
      .openEvents(new URL(req.url ?? '', 'http://ui').searchParams.get('after') ?? undefined, disconnectSignal(res))
    if (result.ok)
      await relayEvents(result.body, res, idleTimeoutMs)
  })
  return { uiUrl, opened: opened.promise, upstreamClosed: upstreamClosed.promise }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return Buffer.from((await reader.read()).value ?? []).toString()
}

it('forwards each chunk as it arrives, and sends the last seen id to the API', async () => {
  const { uiUrl, opened } = await start()
  const response = await fetch(`${uiUrl}/api/events?after=abc:7`)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body!.getReader()
  expect(await read(reader)).toBe('event: hello\ndata: {}\n\n')
  const { res, after } = await opened
  expect(after).toBe('abc:7')
  res.write('id: abc:8\nevent: payment\ndata: {}\n\n')
  expect(await read(reader)).toBe('id: abc:8\nevent: payment\ndata: {}\n\n')
  await reader.cancel()
})

it('closes the stream from the API when the browser disconnects', async () => {
  const { uiUrl, opened, upstreamClosed } = await start()
  const browser = new AbortController()
  await fetch(uiUrl, { signal: browser.signal })
  await opened
  browser.abort()
  await upstreamClosed
})

it('stays open after the deadline for opening it', async () => {
  const { uiUrl, opened } = await start({ timeoutMs: 50 })
  const reader = (await fetch(uiUrl)).body!.getReader()
  await read(reader)
  const { res } = await opened
  await new Promise(resolve => setTimeout(resolve, 100))
  res.write(': \n\n')
  expect(await read(reader)).toBe(': \n\n')
  await reader.cancel()
})

it('breaks off when the API dies', async () => {
  const { uiUrl, opened } = await start()
  const reader = (await fetch(uiUrl)).body!.getReader()
  await read(reader)
  const { res } = await opened
  res.destroy()
  await expect(reader.read()).rejects.toThrow()
})

it('ends when the API ends it', async () => {
  const { uiUrl, opened } = await start()
  const reader = (await fetch(uiUrl)).body!.getReader()
  await read(reader)
  const { res } = await opened
  res.end()
  expect((await reader.read()).done).toBe(true)
})

it('breaks off when the API falls silent', async () => {
  const { uiUrl, upstreamClosed } = await start({ idleTimeoutMs: 50 })
  const reader = (await fetch(uiUrl)).body!.getReader()
  await read(reader)
  await expect(reader.read()).rejects.toThrow()
  await upstreamClosed
})

it('breaks off every stream on shutdown', async () => {
  const { uiUrl, upstreamClosed } = await start()
  const reader = (await fetch(uiUrl)).body!.getReader()
  await read(reader)
  closeEventStreams()
  await expect(reader.read()).rejects.toThrow()
  await upstreamClosed
})

it('returns a problem if the stream cannot be opened', async () => {
  const baseUrl = await listen((_req, res) => sendProblemJson(res, 500, { type: 'x', title: 'SECRET' }))
  const { signal } = new AbortController()
  expect(await createPaymentsApi({ baseUrl }).openEvents(undefined, signal)).toMatchObject({
    ok: false,
    problem: { status: 502 },
  })
  const silent = await listen(() => {})
  expect(await createPaymentsApi({ baseUrl: silent, timeoutMs: 50 }).openEvents(undefined, signal)).toMatchObject({
    ok: false,
    problem: { status: 504 },
  })
})

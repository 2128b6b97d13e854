import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { onTestFinished } from 'vitest'

/** Starts an HTTP server on a free local port, closed when the test ends. Returns its base URL. */
export async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export function sendJson(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function sendProblemJson(res: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  sendJson(res, status, { status, ...body }, { ...headers, 'content-type': 'application/problem+json' })
}

export async function bodyOf(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of req)
    text += String(chunk)
  return text
}

/** A promise with its resolve function, for a signal from inside a handler. */
export function signal<Value = void>() {
  return Promise.withResolvers<Value>()
}

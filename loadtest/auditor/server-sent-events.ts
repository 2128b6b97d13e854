import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

export interface ServerSentEvent {
  event: string
  id?: string
  data: string
}

/**
 * Yields the events of a stream until it ends; throws if it breaks. Reads what our API writes: one line of data per event.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* serverSentEvents(stream: Readable): AsyncGenerator<ServerSentEvent> {
  let fields: Record<string, string> = {}
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (line === '') {
      if (fields.data !== undefined)
        yield { event: fields.event ?? 'message', data: fields.data, ...(fields.id !== undefined && { id: fields.id }) }
      fields = {}
      continue
    }
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (name)
      fields[name] = value!
  }
}

import { waitFor } from './wait-for.ts'

export interface StreamEvent { id?: string, event: string, data: string }

export interface EventStream {
  /** Returns the next event of this name and skips others. Rejects after 20 s without one. */
  next: (name: string) => Promise<StreamEvent>
  /** The names of all events so far. */
  names: () => string[]
  close: () => void
  /** Resolves when the server ends the stream. */
  ended: Promise<unknown>
}

/** Reads a stream of server-sent events. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const abort = new AbortController()
  const res = await fetch(url, { headers, signal: abort.signal })
  if (res.status !== 200 || !res.body)
    throw new Error(`${url} responded with ${res.status}`)
  const events: StreamEvent[] = []
  let read = 0
  const ended = (async () => {
    let text = ''
    for await (const chunk of res.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s).slice(0, 2)))
        if (fields.event)
          events.push(fields as StreamEvent)
      }
    }
  })()
  ended.catch(() => {})
  return {
    next: async (name) => {
      let found: StreamEvent | undefined
      await waitFor(`an event "${name}" arrives`, () => {
        while (!found && read < events.length) {
          const event = events[read++]!
          if (event.event === name)
            found = event
        }
        return found !== undefined
      }, 20_000)
      return found!
    },
    names: () => events.map(event => event.event),
    close: () => abort.abort(),
    ended,
  }
}

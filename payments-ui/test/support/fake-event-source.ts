import { vi } from 'vitest'

/** Replaces the browser's EventSource; the test sends the server's events. */
export class FakeEventSource extends EventTarget {
  static readonly opened: FakeEventSource[] = []
  closed = false
  readonly url: string

  constructor(url: string) {
    super()
    this.url = url
    FakeEventSource.opened.push(this)
  }

  /** The stream that is open now. */
  static get current(): FakeEventSource {
    const source = FakeEventSource.opened.findLast(source => !source.closed)
    if (!source)
      throw new Error('No event stream is open.')
    return source
  }

  static install(): void {
    FakeEventSource.opened.length = 0
    vi.stubGlobal('EventSource', FakeEventSource)
  }

  send(name: string, data: object = {}, lastEventId = ''): void {
    this.dispatchEvent(new MessageEvent(name, {
      data: JSON.stringify(data),
      lastEventId,
    }))
  }

  break(): void {
    this.dispatchEvent(new Event('error'))
  }

  close(): void {
    this.closed = true
  }
}

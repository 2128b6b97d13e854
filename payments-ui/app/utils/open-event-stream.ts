export type StreamState = 'connecting' | 'live' | 'reconnecting'

export interface EventStreamOptions {
  /** Called with each event named in `names`; `data` is parsed JSON, and `id` is empty for an event without one. */
  onEvent: (name: string, data: unknown, id: string) => void
  onState: (state: StreamState) => void
  names: readonly string[]
  /** Continue after the event with this id. Default: begin now. */
  after?: string
}

/** Delays before the first, second, ... attempt to reconnect; the last one repeats. */
const BACKOFF_MS = [
  500,
  1_000,
  2_000,
  4_000,
  8_000,
  15_000,
]
/** Adds up to this fraction to each delay, so that after a restart the tabs do not all reconnect at once. */
const JITTER = 0.3
/** How often to check for silence. Browsers slow a hidden tab's timers to once a minute. */
const TICK_MS = 500
/** The API sends a heartbeat every 3 s. After this silence, two are missing: it hangs, or the connection died while the machine slept. */
export const SILENCE_MS = 7_000
/** A stream without its `hello` after this long is said to be reconnecting; the attempt goes on, since a slow network may need longer. */
const HELLO_MS = 2_500

/**
 * Keeps an EventSource open; `hello` marks the stream as live. EventSource gives up when a response is not a stream, and notices
 * neither a server that hangs nor a dead connection. So this opens a new one, with backoff, which resumes after the last seen
 * event. Returns a function that closes the stream.
 */
export function openEventStream(url: string, { onEvent, onState, names, after = '' }: EventStreamOptions): () => void {
  let source: EventSource
  let lastId = after
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  /** When this stream last sent something; 0 before its `hello`. */
  let heardAt = 0
  /** When this stream was opened; 0 once it is known to be late. */
  let openedAt = 0

  function connect() {
    clearTimeout(timer)
    timer = undefined
    heardAt = 0
    openedAt = Date.now()
    const opened = new EventSource(lastId
      ? `${url}?after=${encodeURIComponent(lastId)}`
      : url)
    source = opened
    opened.addEventListener('heartbeat', () => heardAt &&= Date.now())
    for (const name of new Set(['hello', ...names])) {
      opened.addEventListener(name, (event: MessageEvent<string>) => {
        heardAt = Date.now()
        lastId = event.lastEventId || lastId
        if (name === 'hello') {
          failures = 0
          onState('live')
        }
        onEvent(name, parse(event.data), event.lastEventId)
      })
    }
    opened.addEventListener('error', reconnectLater)
  }

  function reconnectLater() {
    source.close()
    heardAt = openedAt = 0
    onState('reconnecting')
    const waitMs = BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)]!
    timer = setTimeout(connect, waitMs * (1 + Math.random() * JITTER))
  }

  /** The machine is back online: do not wait for the backoff to end. */
  function reconnectNow() {
    if (timer !== undefined)
      connect()
  }

  const ticks = setInterval(() => {
    if (heardAt > 0 && Date.now() - heardAt > SILENCE_MS) {
      reconnectLater()
    }
    else if (heardAt === 0 && openedAt > 0 && Date.now() - openedAt > HELLO_MS) {
      openedAt = 0
      onState('reconnecting')
    }
  }, TICK_MS)

  connect()
  window.addEventListener('online', reconnectNow)
  return () => {
    window.removeEventListener('online', reconnectNow)
    clearInterval(ticks)
    clearTimeout(timer)
    source.close()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  }
  catch {
    return undefined
  }
}

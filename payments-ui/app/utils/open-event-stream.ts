export type StreamState = 'connecting' | 'live' | 'reconnecting'

export interface EventStreamOptions {
  /** Called with each event named in `names`; `data` is parsed JSON. */
  onEvent: (name: string, data: unknown) => void
  onState: (state: StreamState) => void
  names: readonly string[]
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
/** How often to check the clock. Browsers slow a hidden tab's timers to once a minute. */
const TICK_MS = 5_000
/** A gap this long between ticks means that the machine slept. */
const SLEPT_MS = 120_000

/**
 * Keeps an EventSource open; `hello` marks the stream as live. EventSource gives up when a response is not a stream, so this
 * opens a new one, with backoff, which resumes after the last seen event. Returns a function that closes the stream.
 */
export function openEventStream(url: string, { onEvent, onState, names }: EventStreamOptions): () => void {
  let source: EventSource
  let lastId = ''
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function connect() {
    clearTimeout(timer)
    timer = undefined
    const opened = new EventSource(lastId
      ? `${url}?after=${encodeURIComponent(lastId)}`
      : url)
    source = opened
    for (const name of new Set(['hello', ...names])) {
      opened.addEventListener(name, (event: MessageEvent<string>) => {
        lastId = event.lastEventId || lastId
        if (name === 'hello') {
          failures = 0
          onState('live')
        }
        onEvent(name, parse(event.data))
      })
    }
    opened.addEventListener('error', () => {
      opened.close()
      onState('reconnecting')
      const waitMs = BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)]!
      timer = setTimeout(connect, waitMs * (1 + Math.random() * JITTER))
    })
  }

  /** The machine is back online: do not wait for the backoff to end. */
  function reconnectNow() {
    if (timer !== undefined)
      connect()
  }

  /** Connections may have died during a sleep, and a browser that only listens does not notice. */
  let lastTick = Date.now()
  const ticks = setInterval(() => {
    const slept = Date.now() - lastTick > SLEPT_MS
    lastTick = Date.now()
    if (slept) {
      source.close()
      connect()
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

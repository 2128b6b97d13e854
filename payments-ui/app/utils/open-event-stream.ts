export type StreamState = 'connecting' | 'live' | 'reconnecting'

export interface EventStreamOptions {
  /** Called with each event of the names in `names`; `data` is parsed JSON. */
  onEvent: (name: string, data: unknown) => void
  onState: (state: StreamState) => void
  names: readonly string[]
}

/** Waits before the first, second, ... attempt to reconnect; the last one repeats. */
const BACKOFF_MS = [
  500,
  1_000,
  2_000,
  4_000,
  8_000,
  15_000,
]
/** Up to this share of a wait is added to it, so that the tabs of a restarted server do not all come back at once. */
const JITTER = 0.3
/** How often the clock is looked at. Browsers let a hidden tab do so once a minute. */
const TICK_MS = 5_000
/** A tick that comes so late comes after a sleep. */
const SLEPT_MS = 120_000

/**
 * Keeps one EventSource open. EventSource itself gives up on an answer that is no stream, so a broken one is opened anew,
 * with backoff, after the last event that was seen. `hello` is what tells that the stream is live. Answers how to stop.
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

  /** The machine is back on the network: no need to wait for the timer. */
  function reconnectNow() {
    if (timer !== undefined)
      connect()
  }

  /** While the machine slept its connections may have died, of which nobody tells a browser that only listens. */
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

import type { EventStreamOptions, StreamState } from './open-event-stream'
import { openEventStream } from './open-event-stream'

/** The lock that the tab with the stream holds, and the channel on which it passes events on. */
const NAME = 'payment-events'

type Message
  /** A tab has opened and asks for the state. */
  = | { kind: 'join', tab: string }
    | { kind: 'state', state: StreamState, tab?: string }
    | { kind: 'event', name: string, data: unknown, id: string }

/**
 * Follows an event stream that all tabs of the browser share: HTTP/1.1 allows six connections per host, so a stream in every tab
 * would block the seventh tab. The tab that gets the lock opens the stream and passes events on; when it closes, the lock goes to
 * another tab, which continues after the last event. Returns a function that stops following.
 *
 * Locks need HTTPS or localhost. Without them each visible tab opens a stream, and closes it while it is hidden.
 */
export function shareEventStream(url: string, options: EventStreamOptions): () => void {
  const locks = navigator.locks as LockManager | null | undefined
  return whileShown(locks
    ? () => shareByLock(url, options)
    : () => openWhileVisible(url, options))
}

function shareByLock(url: string, { names, onEvent, onState }: EventStreamOptions): () => void {
  const channel = new BroadcastChannel(NAME)
  const tab = randomUuid()
  const stopped = new AbortController()
  let state: StreamState = 'connecting'
  let lastId = ''
  let close: (() => void) | undefined

  const send = (message: Message) => channel.postMessage(message)
  function setState(next: StreamState) {
    state = next
    onState(next)
  }

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    switch (data.kind) {
      case 'join':
        if (close)
          send({ kind: 'state', state, tab: data.tab })
        return
      case 'state':
        if (data.tab !== undefined && data.tab !== tab)
          return
        setState(data.state)
        if (data.tab === tab && data.state === 'live')
          onEvent('hello', {}, lastId) // this tab has joined a stream that is open already
        return
      case 'event':
        lastId = data.id || lastId
        onEvent(data.name, data.data, data.id)
    }
  })

  function lead() {
    close = openEventStream(url, {
      names,
      after: lastId,
      onState: (next) => {
        setState(next)
        send({ kind: 'state', state: next })
      },
      onEvent: (name, data, id) => {
        lastId = id || lastId
        onEvent(name, data, id)
        send({ kind: 'event', name, data, id })
      },
    })
    return new Promise<void>(resolve => stopped.signal.addEventListener('abort', () => resolve()))
  }

  send({ kind: 'join', tab })
  navigator.locks.request(NAME, { signal: stopped.signal }, lead).catch(() => {}) // aborted while waiting
  return () => {
    stopped.abort()
    close?.()
    channel.close()
  }
}

function openWhileVisible(url: string, options: EventStreamOptions): () => void {
  let lastId = ''
  let close: (() => void) | undefined
  function follow() {
    close?.()
    close = document.visibilityState === 'hidden'
      ? undefined
      : openEventStream(url, {
          ...options,
          after: lastId,
          onEvent: (name, data, id) => {
            lastId = id || lastId
            options.onEvent(name, data, id)
          },
        })
  }
  follow()
  document.addEventListener('visibilitychange', follow)
  return () => {
    document.removeEventListener('visibilitychange', follow)
    close?.()
  }
}

/** Stops while the page is in the browser's cache for the back button: a page that holds a lock or a channel is not kept there. */
function whileShown(start: () => () => void): () => void {
  let stop: (() => void) | undefined = start()
  function onHide() {
    stop?.()
    stop = undefined
  }
  const onShow = () => stop ??= start()
  addEventListener('pagehide', onHide)
  addEventListener('pageshow', onShow)
  return () => {
    removeEventListener('pagehide', onHide)
    removeEventListener('pageshow', onShow)
    onHide()
  }
}

import type { EventStreamOptions, StreamState } from './open-event-stream'
import { openEventStream, SILENCE_MS } from './open-event-stream'
import { randomUuid } from './random-uuid'

/** The lock that the tab with the stream holds, and the channel on which it passes events on. */
const NAME = 'payment-events'
/** How often a visible tab says that it has the stream, or checks that another tab has. */
const TICK_MS = 2_000

type Message
  /** A tab has opened and asks for the state. */
  = | { kind: 'join', tab: string }
    /** The tab with the stream is visible, so its timers run on time. */
    | { kind: 'alive' }
    | { kind: 'state', state: StreamState, tab?: string }
    | { kind: 'event', name: string, data: unknown, id: string }

/**
 * Follows an event stream that all tabs of the browser share: HTTP/1.1 allows six connections per host, so a stream in every tab
 * would block the seventh tab. The tab that gets the lock opens the stream and passes events on; when it closes, the lock goes to
 * another tab, which continues after the last event. Returns a function that stops following.
 *
 * A hidden tab notices only within a minute that its stream fell silent, and reconnects as slowly. So a visible tab that has heard
 * nothing from it takes the lock.
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
  /** When the tab with the stream last sent something, if only a heartbeat. */
  let heardAt = Date.now()

  const send = (message: Message) => channel.postMessage(message)
  function setState(next: StreamState) {
    state = next
    onState(next)
  }

  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if (data.kind !== 'join')
      heardAt = Date.now()
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

  async function lead(): Promise<void> {
    if (stopped.signal.aborted)
      return
    close?.()
    send({ kind: 'state', state })
    close = openEventStream(url, {
      names: [...names, 'heartbeat'],
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
    await new Promise<void>(resolve => stopped.signal.addEventListener('abort', () => resolve()))
  }

  /** Another tab has taken the lock, or this one has stopped. */
  function resign() {
    close?.()
    close = undefined
  }

  async function waitForLock(): Promise<void> {
    let granted: boolean
    do {
      granted = false
      await navigator.locks.request(NAME, { signal: stopped.signal }, () => {
        granted = true
        return lead()
      }).catch(() => {}) // taken, or aborted while waiting
      resign()
    } while (granted && !stopped.signal.aborted)
  }

  function takeLock() {
    heardAt = Date.now()
    setState('reconnecting')
    navigator.locks.request(NAME, { steal: true }, lead).catch(resign)
  }

  const ticks = setInterval(() => {
    if (document.visibilityState === 'hidden')
      return
    if (close)
      return send({ kind: 'alive' })
    if (Date.now() - heardAt > SILENCE_MS)
      takeLock()
  }, TICK_MS)

  send({ kind: 'join', tab })
  void waitForLock()
  return () => {
    stopped.abort()
    clearInterval(ticks)
    resign()
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

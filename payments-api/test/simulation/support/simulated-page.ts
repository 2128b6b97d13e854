import type { EventHub } from '../../../src/domain/event-hub.ts'
import type { PaymentsModel } from './payments-model.ts'

/** Milliseconds that a page takes to fetch what it shows. */
const FETCH_MS = 20

/** A page that follows the events as documented: it fetches after its first `hello` and after each `resync`, and resumes from the last id. */
export class SimulatedPage {
  /** The settled payments that the page shows. */
  readonly shown = new Set<string>()
  readonly #events: EventHub
  readonly #model: PaymentsModel
  #lastId: string | undefined
  #leave: (() => void) | undefined

  constructor(events: EventHub, model: PaymentsModel) {
    this.#events = events
    this.#model = model
  }

  connect(): void {
    if (this.#leave)
      return
    const isFirst = this.#lastId === undefined
    this.#leave = this.#events.add({ send: chunk => this.#read(chunk.toString(), isFirst), close: () => {} }, this.#lastId)
  }

  disconnect(): void {
    this.#leave?.()
    this.#leave = undefined
  }

  #read(text: string, isFirst: boolean): void {
    for (const [, id, event, data] of text.matchAll(/(?:id: (\S+)\n)?event: (\w+)\ndata: (.*)\n\n/g)) {
      this.#lastId = id ?? this.#lastId
      if (event === 'payment')
        this.shown.add((JSON.parse(data!) as { id: string }).id)
      else if (event === 'resync' || (event === 'hello' && isFirst))
        setTimeout(() => this.#model.settled.forEach(id => this.shown.add(id)), FETCH_MS)
    }
  }
}

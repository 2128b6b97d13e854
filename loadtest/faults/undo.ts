import type { System } from '../runner/with-system.ts'

/** What the start() of one fault did to each system, for its stop() to undo. */
export class Undo {
  private readonly stacks = new WeakMap<System, AsyncDisposableStack>()

  /** The last thing that is deferred here is undone first. */
  of(system: System): AsyncDisposableStack {
    const known = this.stacks.get(system)
    if (known)
      return known
    const stack = new AsyncDisposableStack()
    this.stacks.set(system, stack)
    return stack
  }

  /** Undoes everything, and does nothing the second time. */
  async run(system: System): Promise<void> {
    const stack = this.stacks.get(system)
    this.stacks.delete(system)
    await stack?.disposeAsync()
  }
}

const POLL_MS = 10

/** Polls until the condition holds. Rejects after the deadline, naming the condition. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!await condition()) {
    if (Date.now() > deadline)
      throw new Error(`gave up waiting: ${what}`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

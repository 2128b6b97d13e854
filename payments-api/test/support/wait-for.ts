const POLL_MS = 10

/** Polls until the condition holds. Rejects after the deadline; `what` completes the sentence "waiting until …". */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!await condition()) {
    if (Date.now() > deadline)
      throw new Error(`timed out after ${deadlineMs} ms waiting until ${what}`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

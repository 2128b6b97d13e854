/**
 * Merges many calls into few runs. The first call runs at once; calls during a run are merged into one more run, which starts
 * when the current one has ended and `everyMs` have passed since it started. `run` must not reject.
 */
export function coalesce(run: () => Promise<void>, everyMs: number): () => void {
  let running = false
  let again = false

  async function start() {
    running = true
    await Promise.all([
      run(),
      new Promise(resolve => setTimeout(resolve, everyMs)),
    ])
    running = false
    if (again) {
      again = false
      void start()
    }
  }

  return () => {
    if (running)
      again = true
    else
      void start()
  }
}

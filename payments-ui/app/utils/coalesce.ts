/**
 * Many requests to run become few runs: the first runs at once, those that come meanwhile become one run together,
 * once the running one has ended and `everyMs` have passed since it began. `run` must not reject.
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

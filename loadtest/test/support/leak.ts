// Loaded into every Node part of a stack. The worker leaks 8 MB per second. The console allocates as much but releases it
// after 2 s: by then V8 has moved it to the old generation, where garbage stays until the next full collection.
const STEP_MS = 100
const PIECES = 4_000
const STEPS_KEPT = 20

const kept: object[] = []
if (/recon-worker$|payments-ui$/.test(process.cwd())) {
  setInterval(() => {
    kept.push(Array.from({ length: PIECES }, (_, n) => ({ text: `${n}`.padStart(60) })))
    if (process.cwd().endsWith('payments-ui') && kept.length > STEPS_KEPT)
      kept.shift()
  }, STEP_MS).unref()
}

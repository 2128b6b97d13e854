// Loaded into every Node part of a system: the worker keeps 8 MB more each second; the console throws as much away, but
// only after some seconds, when V8 no longer takes it for young and lets it lie.
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

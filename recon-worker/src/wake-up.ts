/** Lets one loop sleep until it is woken or its time is up. A wake-up while it is awake is kept for its next sleep. */
export interface WakeUp {
  wake: () => void
  sleep: (ms: number) => Promise<void>
}

export function wakeUp(): WakeUp {
  let woken = false
  let end: (() => void) | undefined
  return {
    wake: () => {
      woken = true
      end?.()
    },
    sleep: async (ms) => {
      if (!woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          end = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      end = undefined
      woken = false
    },
  }
}

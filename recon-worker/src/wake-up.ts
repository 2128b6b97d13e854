/** Lets one loop sleep until it is woken or a time has passed. A wake-up while the loop is awake ends its next sleep at once. */
export interface WakeUp {
  wake: () => void
  sleep: (ms: number) => Promise<void>
}

export function createWakeUp(): WakeUp {
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

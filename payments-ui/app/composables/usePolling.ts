import { tryOnMounted, useDocumentVisibility, useIntervalFn } from '@vueuse/core'

/** Runs once mounted and then at this interval. Stops in a hidden tab, and runs at once when the tab is shown again. */
export function usePolling(run: () => unknown, everyMs: number): void {
  const visibility = useDocumentVisibility()
  const { pause, resume } = useIntervalFn(run, everyMs, { immediate: false, immediateCallback: true })
  tryOnMounted(() => watch(visibility, now => now === 'visible' ? resume() : pause(), { immediate: true }))
}

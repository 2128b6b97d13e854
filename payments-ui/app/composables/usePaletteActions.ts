import type { CommandPaletteItem } from '@nuxt/ui'

/** What the palette can do. What touches other people's payments asks first: its item leads to the one that does it. */
export function usePaletteActions(close: () => void) {
  const health = useSystemHealth()
  const queuePause = useQueuePause(health.load)
  const deadJobs = useDeadJobs()
  const theme = useThemeToggle()
  const { settings, set } = useViewSettings()
  const message = shallowRef<{ tone: 'neutral' | 'error', text: string } | null>(null)

  function say(problem: { title: string } | null, text: string): void {
    message.value = problem ? { tone: 'error', text: `${problem.title}.` } : { tone: 'neutral', text }
  }
  async function pause(): Promise<void> {
    await queuePause.pause('')
    say(queuePause.problem.value, 'The queue is paused. Payments are accepted and stay pending.')
  }
  async function resume(): Promise<void> {
    await queuePause.resume()
    say(queuePause.problem.value, 'The queue is running.')
  }
  async function retryAll(): Promise<void> {
    await deadJobs.retryAll()
    say(deadJobs.retryProblem.value, deadJobs.report.value)
    health.refresh()
  }
  /** Runs without closing the palette, whose footer says what came of it. */
  const run = (action: () => Promise<void>) => (event: Event) => {
    event.preventDefault()
    message.value = null
    void action()
  }
  const closing = (action: () => unknown) => () => {
    close()
    void action()
  }

  const actions = computed((): CommandPaletteItem[] => {
    const { pausedAt = null, dead = 0 } = health.operations.value?.queue ?? {}
    const { zone, times, density } = settings.value
    return [
      { label: 'New payment', icon: 'i-lucide-plus', onSelect: closing(() => navigateTo('/payments/new')) },
      pausedAt === null
        ? { label: 'Pause the queue', icon: 'i-lucide-pause', children: [{ label: 'Pause it now: workers claim no more jobs', icon: 'i-lucide-pause', onSelect: run(pause) }] }
        : { label: 'Resume the queue', icon: 'i-lucide-play', onSelect: run(resume) },
      ...(dead > 0 ? [{ label: `Retry all dead jobs (${countText(dead)})`, icon: 'i-lucide-rotate-cw', children: [{ label: `Retry ${countText(dead)} now: unless the cause is gone, they die again`, icon: 'i-lucide-rotate-cw', onSelect: run(retryAll) }] }] : []),
      { label: theme.isDark.value ? 'Use light colours' : 'Use dark colours', icon: theme.isDark.value ? 'i-lucide-sun' : 'i-lucide-moon', onSelect: closing(theme.toggle) },
      { label: zone === 'utc' ? 'Show local times' : 'Show times in UTC', icon: 'i-lucide-globe', onSelect: closing(() => set({ zone: zone === 'utc' ? 'local' : 'utc' })) },
      { label: times === 'exact' ? 'Show relative times' : 'Show exact times', icon: 'i-lucide-clock', onSelect: closing(() => set({ times: times === 'exact' ? 'relative' : 'exact' })) },
      { label: density === 'compact' ? 'Use comfortable rows' : 'Use compact rows', icon: 'i-lucide-rows-3', onSelect: closing(() => set({ density: density === 'compact' ? 'comfortable' : 'compact' })) },
    ]
  })

  return {
    actions,
    /** What came of the last action; null if there was none. */
    message: shallowReadonly(message),
    forget: () => message.value = null,
  }
}

/**
 * For a table whose rows have plain links: its two listeners follow them within the app, and load the page that one leads
 * to while the pointer or the focus is on it. A NuxtLink for each row does the same, and is dear where rows come by the hundred.
 */
export function useRowLinks() {
  function hrefOf({ target }: Event): string | null {
    return (target as Element).closest('a')?.getAttribute('href') ?? null
  }

  return {
    /** Leaves to the browser what opens a tab or a window. */
    follow(event: MouseEvent): void {
      const href = hrefOf(event)
      if (href === null || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
        return
      event.preventDefault()
      void navigateTo(href)
    },
    preload(event: Event): void {
      const href = hrefOf(event)
      if (href !== null)
        void preloadRouteComponents(href)
    },
  }
}

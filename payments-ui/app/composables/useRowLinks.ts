/**
 * Two listeners for a table whose rows contain plain links: `follow` navigates within the app, `preload` loads a link's page on
 * hover or focus. A NuxtLink in every row does the same, but is expensive for hundreds of rows.
 */
export function useRowLinks() {
  function hrefOf({ target }: Event): string | null {
    return (target as Element).closest('a')?.getAttribute('href') ?? null
  }

  return {
    /** Leaves clicks that open a tab or window to the browser. */
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

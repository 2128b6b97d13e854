/**
 * Await this at the end of a component's setup to hydrate the component in a separate task, so that the browser can paint and
 * handle input in between. Returns undefined once the page is hydrated.
 */
export function yieldToBrowser(): Promise<void> | undefined {
  return import.meta.client && useNuxtApp().isHydrating
    ? new Promise(resolve => setTimeout(resolve))
    : undefined
}

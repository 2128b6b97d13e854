/**
 * Awaited at the end of a component's setup, has it come alive in a task of its own: a page that does so all at once keeps
 * the browser from painting and from answering a tap. Where the page is alive already there is nothing to wait for.
 */
export function yieldToBrowser(): Promise<void> | undefined {
  return import.meta.client && useNuxtApp().isHydrating
    ? new Promise(resolve => setTimeout(resolve))
    : undefined
}

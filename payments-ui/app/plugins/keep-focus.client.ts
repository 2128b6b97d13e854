const FOCUSABLE = 'a[href], button:not([disabled]), input, select, summary, [tabindex="0"]'
/** Positions to remember for the back button. */
const MAX_REMEMBERED = 50

/**
 * Keeps the focus near where it was. The browser gives the focus to the body when the focused element is removed: a retried job,
 * the button of an error that has passed, or the whole page after a navigation. A person with a keyboard would start again
 * from the top. Back returns the focus to the link that was followed.
 */
export default defineNuxtPlugin((nuxtApp) => {
  /** The focused element and its ancestors, each with its position among its siblings. */
  let path: { element: Element, index: number }[] = []
  const followed = new Map<string, string>()
  let wentBack = false

  document.addEventListener('focusin', ({ target }) => {
    path = []
    for (let element = target as Element | null; element && element !== document.body; element = element.parentElement)
      path.push({ element, index: element.parentElement ? [...element.parentElement.children].indexOf(element) : 0 })
  })

  new MutationObserver(() => {
    if (document.activeElement !== document.body || !path[0] || path[0].element.isConnected)
      return
    const level = path.findIndex(({ element }) => element.isConnected)
    const container = path[level]?.element
    const removed = path[level - 1] // undefined if all of it is gone: a dialog, which gives the focus back itself if it can
    path = []
    if (container && removed && container.id !== 'main')
      focusNear(container, removed.index)
    else
      focusMain()
  }).observe(document.body, { childList: true, subtree: true })

  const router = useRouter()
  addEventListener('popstate', () => wentBack = true)
  router.beforeEach((_to, from) => {
    const href = document.activeElement?.closest('a')?.getAttribute('href')
    if (href) {
      followed.delete(from.fullPath)
      followed.set(from.fullPath, href)
      if (followed.size > MAX_REMEMBERED)
        followed.delete(followed.keys().next().value!)
    }
  })
  nuxtApp.hook('page:finish', async () => {
    await nextTick()
    const href = wentBack && followed.get(router.currentRoute.value.fullPath)
    wentBack = false
    const link = href && document.querySelector<HTMLElement>(`#main a[href="${CSS.escape(href)}"]`)
    if (link)
      link.focus({ preventScroll: true })
  })
})

/** Focuses what has moved up to the place of the removed element, else what is before it, else the container. */
function focusNear(container: Element, index: number): void {
  const sibling = container.children[Math.min(index, container.children.length - 1)]
  const target = sibling?.matches(FOCUSABLE) ? sibling : sibling?.querySelector(FOCUSABLE) ?? container
  if (target === container && !container.hasAttribute('tabindex')) {
    container.setAttribute('tabindex', '-1')
    container.addEventListener('blur', () => container.removeAttribute('tabindex'), { once: true })
  }
  ;(target as HTMLElement).focus({ preventScroll: true })
}

function focusMain(): void {
  document.getElementById('main')?.focus({ preventScroll: true })
}

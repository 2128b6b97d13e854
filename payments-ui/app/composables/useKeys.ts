import { useEventListener } from '@vueuse/core'

const TYPING = 'input, textarea, select, [contenteditable]'

/** Runs what a key stands for. A person who types, or holds a modifier, types. `resting` leaves the keys to the page. */
export function useKeys(keys: Record<string, () => void>, { resting = () => false }: { resting?: () => boolean } = {}): void {
  useEventListener('keydown', (event) => {
    const isTyping = (event.target as Element).closest?.(TYPING)
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping || !Object.hasOwn(keys, event.key) || resting())
      return
    if (event.key !== 'Escape')
      event.preventDefault() // the letter must not land in the field that gets the focus
    keys[event.key]!()
  })
}

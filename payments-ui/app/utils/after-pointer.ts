let isDown = false
if (import.meta.client) {
  addEventListener('pointerdown', () => isDown = true, { capture: true })
  for (const name of ['pointerup', 'pointercancel'])
    addEventListener(name, () => isDown = false, { capture: true })
}

/**
 * Runs now, or after the click if a mouse button or finger is down. Leaving a field by pressing a button must not move the button:
 * the release would miss it, and the click would be lost.
 */
export function afterPointer(run: () => void): void {
  if (!isDown)
    return run()
  const onEnd = () => {
    for (const name of ['pointerup', 'pointercancel'])
      removeEventListener(name, onEnd, { capture: true })
    setTimeout(run) // the click event follows pointerup
  }
  for (const name of ['pointerup', 'pointercancel'])
    addEventListener(name, onEnd, { capture: true })
}

import type { Payment } from '#shared/types/payment'

const SLIDE = { duration: 180, easing: 'ease-out' }
/** For a reader who prefers reduced motion: the rows are there at once. */
const JUMP = { duration: 1, easing: 'step-end' }

/**
 * Lets the rows slide down when payments arrive above them, instead of jumping: the reader's eye can follow a row, and browsers
 * count no layout shift. Call it in the setup of the component that renders the rows. A reader who prefers reduced motion sees
 * no slide, and one who has scrolled sees nothing move: the browser keeps the rows in place.
 */
export function useSlideDown(body: Readonly<Ref<HTMLElement | null>>, payments: () => readonly Payment[]): void {
  let slide: Animation | undefined
  let turn = 0

  const rowTop = (id: string | undefined) =>
    body.value?.querySelector(`[data-payment-id="${id}"]`)?.getBoundingClientRect().top

  // Runs before the rows are rendered again. All rows move as one: a list may have thousands.
  watch(() => payments()[0]?.id, async (_new, firstId) => {
    const before = rowTop(firstId)
    if (before === undefined)
      return
    await nextTick()
    const { value: element } = body
    slide?.cancel()
    element?.removeAttribute('style')
    const after = rowTop(firstId)
    if (!element || after === undefined || after <= before || element.getBoundingClientRect().top < 0)
      return
    const px = `${after - before}px`
    // What is still above the table must not cover the filters.
    const raised = { transform: `translateY(-${px})`, clipPath: `inset(${px} 0 0)` }
    Object.assign(element.style, raised)
    const mine = ++turn
    // Chromium counts a shift that an animation makes up for, but not one that a style does: begin once that frame is painted.
    await nextFrame()
    await nextFrame()
    if (mine !== turn)
      return
    element.removeAttribute('style')
    slide = element.animate([raised, { transform: 'none', clipPath: 'inset(0)' }], matchMedia('(prefers-reduced-motion: reduce)').matches ? JUMP : SLIDE)
  })
}

function nextFrame(): Promise<unknown> {
  return new Promise(resolve => requestAnimationFrame(resolve))
}

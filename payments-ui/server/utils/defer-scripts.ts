const MODULES = /<link[^>]* rel="modulepreload"[^>]*>|<script[^>]* type="module"[^>]*><\/script>/g

/** A hidden tab is not painted: it comes alive a second after it was loaded. What was taken out of the template is not there again. */
const START = `{
  const { content } = document.getElementById('scripts')
  const start = () => document.head.append(content)
  new PerformanceObserver(start).observe({ type: 'paint', buffered: true })
  addEventListener('load', () => setTimeout(start, 1_000))
}`

/**
 * Has the scripts of a rendered page wait in a template until it was painted. Until then they would take the line from the
 * styles and the font, and the processor from the page.
 */
export function deferScripts(head: readonly string[]): string[] {
  const modules = head.flatMap(part => part.match(MODULES) ?? [])
  return [
    ...head.map(part => part.replaceAll(MODULES, '')),
    `<template id="scripts">${modules.join('')}</template><script>${START}</script>`,
  ]
}

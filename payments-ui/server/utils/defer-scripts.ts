const MODULES = /<link[^>]* rel="modulepreload"[^>]*>|<script[^>]* type="module"[^>]*><\/script>/g

/** A hidden tab is never painted, so scripts start 1 s after load at the latest. A second call finds the template empty. */
const START = `{
  const { content } = document.getElementById('scripts')
  const start = () => document.head.append(content)
  new PerformanceObserver(start).observe({ type: 'paint', buffered: true })
  addEventListener('load', () => setTimeout(start, 1_000))
}`

/**
 * Moves a rendered page's scripts into a template that is activated after the first paint. Before that, the scripts would
 * compete with the styles and the font for bandwidth, and with rendering for the CPU.
 */
export function deferScripts(head: readonly string[]): string[] {
  const modules = head.flatMap(part => part.match(MODULES) ?? [])
  return [
    ...head.map(part => part.replaceAll(MODULES, '')),
    `<template id="scripts">${modules.join('')}</template><script>${START}</script>`,
  ]
}

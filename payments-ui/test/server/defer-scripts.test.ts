import { expect, it } from 'vitest'
import { deferScripts } from '../../server/utils/defer-scripts'

const STYLES = '<link nonce="n" rel="stylesheet" href="/a.css" crossorigin>'
const IMPORTS = '<script nonce="n" type="importmap">{}</script>'
const PRELOAD = '<link nonce="n" integrity="i" rel="modulepreload" as="script" crossorigin href="/a.js">'
const ENTRY = '<script nonce="n" integrity="i" type="module" src="/a.js" crossorigin></script>'

it('moves modules into a template, in order, and leaves the rest of the head', () => {
  const [first, second, waiting] = deferScripts([STYLES + IMPORTS + PRELOAD, `${ENTRY}<title>Payments</title>`])
  expect(first).toBe(STYLES + IMPORTS)
  expect(second).toBe('<title>Payments</title>')
  expect(waiting).toContain(`<template id="scripts">${PRELOAD}${ENTRY}</template><script>`)
})

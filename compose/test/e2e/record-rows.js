// Runs in the page before any script of its own: notes when each payment's row first showed each status, in
// milliseconds since 1970, as `<payment id> <status>`. An observer runs right after the change, before it is painted.
globalThis.rowsSeen = {}
new MutationObserver(() => {
  for (const { dataset } of document.querySelectorAll('[data-testid=payment-row]'))
    globalThis.rowsSeen[`${dataset.paymentId} ${dataset.status}`] ??= Date.now()
}).observe(document, {
  subtree: true,
  childList: true,
  attributeFilter: ['data-status'],
})

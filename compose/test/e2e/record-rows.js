// Runs in the page before the page's scripts. Records when each payment's row first showed each status, in milliseconds
// since 1970, under `<payment id> <status>`. The observer runs right after a change, before it is painted.
globalThis.rowsSeen = {}
new MutationObserver(() => {
  for (const { dataset } of document.querySelectorAll('[data-testid=payment-row]'))
    globalThis.rowsSeen[`${dataset.paymentId} ${dataset.status}`] ??= Date.now()
}).observe(document, {
  subtree: true,
  childList: true,
  attributeFilter: ['data-status'],
})

/**
 * Keeps new rows from moving the rows that the user is reading. While `isReading`, rows that arrive above the top row are
 * held back and counted; `release` shows them.
 */
export function useHeldRows<Row extends { id: string }>(rows: Readonly<Ref<readonly Row[]>>, isReading: Readonly<Ref<boolean>>) {
  const topId = ref<string>()
  const heldCount = computed(() => topId.value === undefined
    ? 0
    : Math.max(0, rows.value.findIndex(row => row.id === topId.value)))

  watch(isReading, (reading) => {
    if (!reading)
      release()
    else
      topId.value ??= rows.value[0]?.id
  }, { immediate: true })
  // The top row has gone, for example after a filter changed.
  watch(rows, (now) => {
    if (topId.value !== undefined && !now.some(row => row.id === topId.value)) {
      topId.value = isReading.value
        ? now[0]?.id
        : undefined
    }
  })

  function release(): void {
    topId.value = undefined
  }

  return {
    heldCount,
    shown: computed(() => rows.value.slice(heldCount.value)),
    release,
  }
}

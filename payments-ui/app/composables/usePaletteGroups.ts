import type { CommandPaletteGroup, CommandPaletteItem } from '@nuxt/ui'

/** What the palette offers for the typed text. `close` closes it. */
export function usePaletteGroups(term: Readonly<Ref<string>>, close: () => void) {
  const { found, searching } = usePaletteSearch(term)
  const { actions, message, forget } = usePaletteActions(close)

  function pageOf(to: string, item: CommandPaletteItem): CommandPaletteItem {
    return {
      ...item,
      onSelect: () => {
        close()
        void navigateTo(to)
      },
    }
  }

  const pages = [
    ...sections.map(({ to, label, icon }) => pageOf(to, { label, icon })),
    pageOf('/dead-jobs', { label: 'Dead jobs', icon: 'i-lucide-octagon-alert' }),
  ]

  const groups = computed((): CommandPaletteGroup[] => [
    { id: 'found', label: 'Found', ignoreFilter: true, items: found.value.map(({ to, ...item }) => pageOf(to, item)) },
    { id: 'pages', label: 'Pages', items: pages },
    { id: 'actions', label: 'Actions', items: actions.value },
  ])
  return { groups, searching, message, forget }
}

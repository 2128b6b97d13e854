/** How the reader wants times and tables. */
export interface ViewSettings {
  /** The time zone of all times: the reader's, or UTC like the logs. */
  zone: 'local' | 'utc'
  /** How lists and sentences say a time: as an age, or exactly. */
  times: 'relative' | 'exact'
  /** The height of the rows of tables. */
  density: 'comfortable' | 'compact'
}

/** The choices of each setting, the default first, with their labels. */
export const viewChoices = {
  zone: { legend: 'Time zone', choices: { local: 'Local', utc: 'UTC' } },
  times: { legend: 'Times', choices: { relative: 'Relative', exact: 'Exact' } },
  density: { legend: 'Rows', choices: { comfortable: 'Comfortable', compact: 'Compact' } },
} as const satisfies { [Name in keyof ViewSettings]: { legend: string, choices: Record<ViewSettings[Name], string> } }

/** Reads the settings from a cookie. What it lacks, or nobody knows any more, is the default. */
export function viewSettingsOf(cookie: unknown): ViewSettings {
  const stored = typeof cookie === 'object' && cookie !== null ? cookie as Record<string, unknown> : {}
  return Object.fromEntries(Object.entries(viewChoices).map(([name, { choices }]) => {
    const chosen = stored[name]
    return [name, typeof chosen === 'string' && Object.hasOwn(choices, chosen) ? chosen : Object.keys(choices)[0]]
  })) as unknown as ViewSettings
}

import { Refusal } from './refusal.ts'

/**
 * The text under `## VERSION` in a changelog, up to the next heading of that level. The version may stand in brackets and be
 * followed by a date. Throws a Refusal if no section has that version, or if it is empty.
 */
export function notesOf(version: string, changelog: string): string {
  const sections = changelog.split(/^## /m).slice(1).map((section) => {
    const [heading = '', ...lines] = section.split('\n')
    return { name: /^\[?([^\s\]]+)/.exec(heading)?.[1] ?? '', text: lines.join('\n').trim() }
  })
  const found = sections.find(({ name }) => name === version)
  if (!found)
    throw new Refusal(`CHANGELOG.md has no section ${version}: add "## ${version}" above the changes of that version; it has ${sections.map(({ name }) => name).join(', ') || 'none'}`)
  if (found.text === '')
    throw new Refusal(`CHANGELOG.md says nothing under ${version}: list its changes there`)
  return found.text
}

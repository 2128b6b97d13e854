/**
 * What a person has typed into the fields that the server rendered, by their names, before the component came alive: that
 * sets each field to what the component holds. To be called in its setup.
 */
export function typedBeforeHydration(): Record<string, string> {
  const rendered = getCurrentInstance()?.vnode.el as Partial<Element> | null
  return Object.fromEntries(Array.from(rendered?.querySelectorAll?.('input') ?? [])
    .filter(input => input.value !== input.defaultValue)
    .map(({ name, value }) => [name, value]))
}

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { repeatedKey } from '../src/http/repeated-key.ts'

/** A JSON text before parsing: an object is a list of entries, so it can repeat a key. */
type Tree = string | { entries: [string, Tree][] } | { items: Tree[] }

const escaped = (text: string): string => text.replaceAll(/./gsu, char => [...char].map(c => c.length > 1 ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''))
const string = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('"', '\\', ':', ',', '{', ']', ' ', 'a') }), fc.constantFrom('amount', '__proto__', 'constructor', ''))
const space = fc.constantFrom('', '', ' ', '\n\t\r ')
const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(string.map(text => JSON.stringify(text)), fc.constantFrom('1', '-2.50', 'null', 'true')),
    fc.record({ entries: fc.uniqueArray(fc.tuple(string, tie('tree')), { selector: ([key]) => key, maxLength: 5 }) }),
    fc.record({ items: fc.array(tie('tree'), { maxLength: 5 }) }),
  ),
}))

function write(value: Tree, gap: string, key = (text: string): string => JSON.stringify(text)): string {
  if (typeof value === 'string')
    return value
  return 'items' in value
    ? `[${value.items.map(item => gap + write(item, gap, key)).join(`${gap},`)}${gap}]`
    : `{${value.entries.map(([name, child]) => `${gap}${key(name)}${gap}:${gap}${write(child, gap, key)}`).join(',')}${gap}}`
}

/** Every non-empty object of the tree, with its path. */
function objects(value: Tree, path: (string | number)[] = []): { path: (string | number)[], entries: [string, Tree][] }[] {
  if (typeof value === 'string')
    return []
  if ('items' in value)
    return value.items.flatMap((item, i) => objects(item, [...path, i]))
  return [
    ...(value.entries.length > 0 ? [{ path, entries: value.entries }] : []),
    ...value.entries.flatMap(([name, child]) => objects(child, [...path, name])),
  ]
}

describe('a key that a JSON object repeats', () => {
  it('is not reported if every key is unique', () => {
    fc.assert(fc.property(tree, space, (value, gap) => {
      const text = write(value, gap)
      assert.equal(repeatedKey(text, JSON.parse(text)), undefined)
    }), { numRuns: 1_000 })
  })

  it('is found at any depth, with any value, even if one of the two is escaped', () => {
    fc.assert(fc.property(tree, space, fc.nat(), fc.nat(), fc.boolean(), tree, (value, gap, nth, which, escape, again) => {
      const all = objects(value)
      fc.pre(all.length > 0)
      const { path, entries } = all[nth % all.length]!
      const [name] = entries[which % entries.length]!
      let writtenBefore = false
      entries.push([name, again])
      const text = write(value, gap, (key) => {
        const plain = !escape || key !== name || !writtenBefore
        writtenBefore ||= key === name
        return plain ? JSON.stringify(key) : `"${escaped(key)}"`
      })
      assert.deepEqual(repeatedKey(text, JSON.parse(text)), [...path, name])
    }), { numRuns: 1_000 })
  })
})

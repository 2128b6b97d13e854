import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repoRoot } from '../src/config.ts'
import { applyBlock } from '../src/contracts/apply-block.ts'
import { readGuide } from '../src/contracts/guide.ts'
import { allowedStatuses, STATUS_LISTS } from '../src/contracts/statuses.ts'

const guide = readFileSync(join(repoRoot, 'docs/adding-a-payment-status.md'), 'utf8')

describe('docs/adding-a-payment-status.md', () => {
  let tree: string
  beforeEach(() => tree = mkdtempSync(join(tmpdir(), 'payments-test-')))
  afterEach(() => rmSync(tree, { recursive: true }))

  const put = (file: string, text: string): void => {
    mkdirSync(join(tree, dirname(file)), { recursive: true })
    writeFileSync(join(tree, file), text)
  }
  const borrow = (file: string): void => cpSync(join(repoRoot, file), join(tree, file), { recursive: true })
  const get = (file: string): string => readFileSync(join(tree, file), 'utf8')
  /** Reads a guide of one step. */
  const step = (...blocks: string[]) => {
    put('payments-api/migrations/0007_roles.sql', '')
    return readGuide(`# T\n\n## 1. API\n\n${blocks.join('\n\n')}\n\nCheck:\n\n\`\`\`sh\ntrue\n\`\`\`\n\n## Notes\n\n\`\`\`sh\nfalse\n\`\`\`\n`, 'under_review', tree)[0]!
  }
  const diff = (...lines: string[]) => `\`\`\`diff\n${lines.join('\n')}\n\`\`\``

  it('has the steps of the guide: API, worker, console, then a test end to end; each changes its own folder', () => {
    const steps = readGuide(guide, 'on_hold', repoRoot)
    assert.deepEqual(steps.map(({ title }) => title), ['1. API', '2. Worker', '3. Console', '4. Contracts and docs', '5. Test end to end'])
    const folders = steps.map(({ tests, changes }) => [...new Set([...tests, ...changes].map(({ file }) => file.split('/')[0]))].sort())
    assert.deepEqual(folders, [['contracts', 'payments-api'], ['recon-worker'], ['payments-ui'], ['docs'], ['compose']])
    assert.ok(steps.every(({ tests, title }) => title.startsWith('4') || tests.length > 0), 'each step has a test')
  })

  for (const name of ['on_hold', 'under_review']) {
    it(`applies to the tree as it is, with the status ${name}, and adds it to each list that people edit`, () => {
      borrow('payments-api/migrations')
      const steps = readGuide(guide, name, tree)
      const blocks = steps.flatMap(({ tests, changes }) => [...tests, ...changes])
      for (const { file } of blocks.filter(({ hunks }) => hunks))
        borrow(file)
      for (const { file } of blocks)
        mkdirSync(join(tree, dirname(file)), { recursive: true })
      blocks.forEach(block => applyBlock(tree, block))
      for (const { file, read } of STATUS_LISTS.filter(({ file }) => !file.startsWith('contracts/')))
        assert.ok(read(get(file))?.includes(name), `${file} has ${name}`)
      assert.ok(!blocks.some(({ file }) => get(file).includes('NNNN')))
      assert.equal(name !== 'on_hold' && blocks.some(({ file }) => /\bon[_ -]hold\b/i.test(get(file))), false)
    })
  }

  it('allows in its migration every status that the database allows now', () => {
    const [api] = readGuide(guide, 'on_hold', repoRoot)
    const migration = api!.changes.find(({ file }) => file.endsWith('.sql') && file.includes('/migrations/'))!.text!
    const listed = /payments_status_check check \(status in \(([^)]*)\)/.exec(migration)![1]!.match(/\w+/g)!
    const allowed = allowedStatuses(readFileSync(join(repoRoot, 'contracts/invariants/guards.sql'), 'utf8'), 'payments')!
    assert.deepEqual(listed.sort(), [...new Set([...allowed, 'on_hold'])].sort())
  })

  it('is read for people: context, added and removed lines; … is a part of a line; new files name themselves', () => {
    const { changes, tests, check } = step(
      diff('+++ a/list.ts, b/list.ts', ' // before', '-const A … [\'x\', …', '+const A … [\'x\', \'on_hold\', …', '@@', ' }', '+// on hold'),
      '```sql\n-- payments-api/migrations/NNNN_on_hold.sql\nselect 1;\n```',
      '```ts\n// a/on-hold.test.ts\nit(\'On hold\')\n```',
    )
    for (const folder of ['a', 'b'])
      put(`${folder}/list.ts`, '// before\nconst A = [\'x\', \'y\']\n}\nend')
    for (const block of [...changes, ...tests])
      applyBlock(tree, block)
    for (const folder of ['a', 'b'])
      assert.equal(get(`${folder}/list.ts`), '// before\nconst A = [\'x\', \'under_review\', \'y\']\n}\n// under review\nend')
    assert.equal(get('payments-api/migrations/0008_under_review.sql'), 'select 1;\n')
    assert.equal(get('a/under-review.test.ts'), 'it(\'Under review\')\n')
    assert.equal(tests.length, 1)
    assert.equal(check, 'true\n')
  })

  it('names the file and the lines of a block that no longer applies, or applies twice', () => {
    const { changes: [block] } = step(diff('+++ list.ts', ' pending', '+x'))
    put('list.ts', 'waiting\n')
    assert.throws(() => applyBlock(tree, block!), /^Error: list\.ts has no such lines:\npending\nCorrect the block in docs\/adding/)
    put('list.ts', 'pending\npending\n')
    assert.throws(() => applyBlock(tree, block!), /^Error: list\.ts has these lines 2 times:\npending\n/)
    assert.throws(() => applyBlock(tree, { file: 'list.ts', text: '' }), /list\.ts exists already/)
  })

  it('is refused with a block that names no file, or commands that say neither', () => {
    assert.throws(() => step('```ts\nconst a = 1\n```'), /1\. API: begin the block with a comment that names its file: const a = 1/)
    assert.throws(() => step(diff(' pending')), /1\. API: begin the block with "\+\+\+ file"/)
    assert.throws(() => step('```sh\ntrue\n```'), /1\. API: write "Check:" or "Then run:" above the commands true/)
  })
})

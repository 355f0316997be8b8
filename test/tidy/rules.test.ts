/** Planted faults: each rule of the tidy test must find its own, and nothing where there is none. */
import { test } from 'tap'
import {
  errorRows,
  importsOfPackage,
  isTypesOnly,
  linesWith,
  textWith,
  tooLong,
  undocumented,
  wrongImports,
  wrongNames,
} from './rules.ts'

const table = { base: '', model: 'base', ports: 'base model:types', compose: 'all' }
const source = (path: string, ...lines: string[]) => ({ path, text: lines.join('\n') })

test('an import that the table does not allow is named with its line', async (t) => {
  const upwards = source('src/base/ids.ts', '', "import { open } from '#model/document.ts'")
  const spread = source('src/base/ids.ts', 'import {', '  open,', "} from '#model/document.ts'")
  const late = source('src/base/ids.ts', "const { open } = await import('#model/document.ts')")

  t.strictSame(wrongImports(upwards, table), ['src/base/ids.ts:2: base may not import model'])
  t.strictSame(wrongImports(spread, table), ['src/base/ids.ts:1: base may not import model'])
  t.strictSame(wrongImports(late, table), ['src/base/ids.ts:1: base may not import model'])
})

test('allowed imports, packages and imports in comments are left alone', async (t) => {
  const fine = source(
    'src/model/entry.ts',
    "import { encode } from '@msgpack/msgpack'",
    "import { bytes } from '#base/bytes.ts'",
    "import { view } from './view.ts'",
    "// import { clock } from '#ports/clock.ts'",
  )

  t.strictSame(wrongImports(fine, table), [])
  t.strictSame(wrongImports({ ...fine, path: 'src/compose.ts' }, table), [])
})

test('where only types may be imported, a value may not', async (t) => {
  const types = source('src/ports/store.ts', "import type { Log } from '#model/log.ts'")
  const value = source('src/ports/store.ts', "import { openLog } from '#model/log.ts'")

  t.strictSame(wrongImports(types, table), [])
  t.match(wrongImports(value, table), [/^src\/ports\/store.ts:1: .*import type/])
})

test('near files are imported with a dot, far ones with a hash', async (t) => {
  const climbing = source('src/model/view.ts', "import { bytes } from '../base/bytes.ts'")
  const hashed = source('src/model/view.ts', "import { entry } from '#model/entry.ts'")
  const atRoot = source('src/compose.ts', "import { entry } from './model/entry.ts'")
  const down = source('src/model/view.ts', "import { compose } from '#compose.ts'")
  const fromBelow = source('src/model/parts/view.ts', "import { entry } from '#model/entry.ts'")

  t.equal(wrongImports(climbing, table).length, 1)
  t.equal(wrongImports(hashed, table).length, 1)
  t.strictSame(wrongImports(fromBelow, table), [])
  t.equal(wrongImports(atRoot, table).length, 1)
  t.strictSame(wrongImports(down, table), ['src/model/view.ts:1: model may not import compose'])
})

test('a package is found by name and by what lies below it', async (t) => {
  const slim = source('src/web/main.ts', "import * as A from '@automerge/automerge/slim'")

  t.equal(importsOfPackage(slim, '@automerge/automerge').length, 1)
  t.strictSame(importsOfPackage(slim, '@auto'), [])
})

test('a word is found in code, not in comments, strings or patterns', async (t) => {
  const hidden = source(
    'src/base/a.ts',
    '/** Date */ // Date',
    "const a = ['Date', \"Date\", `Date`, /'Date/]",
    "const b = 'it\\'s a Date'",
  )
  const plain = source('src/base/a.ts', '', 'const now = new Date()')
  const inTemplate = source('src/base/a.ts', 'const a = `it is ${Date.now()} now`')

  t.strictSame(linesWith(hidden, /\bDate\b/, 'time'), [])
  t.strictSame(linesWith(plain, /\bDate\b/, 'time'), ['src/base/a.ts:2: time'])
  t.equal(linesWith(inTemplate, /\bDate\b/, 'time').length, 1)
  t.equal(textWith(hidden, /\bDate\b/, 'time').length, 3)
})

test('an export wants a doc comment directly above', async (t) => {
  const bare = source('src/base/a.ts', '/** Head. */', '', 'export const a = 1')
  const plain = source('src/base/a.ts', '/* Not for the editor. */', 'export function a() {}')
  const fine = source('src/base/a.ts', '/**', ' * Why.', ' */', 'export async function a() {}')

  t.strictSame(undocumented(bare), ['src/base/a.ts:3: a has no doc comment directly above'])
  t.equal(undocumented(plain).length, 1)
  t.strictSame(undocumented(fine), [])
})

test('names are kebab-case in every part', async (t) => {
  t.strictSame(wrongNames(source('src/model/run-state.test.ts')), [])
  t.equal(wrongNames(source('src/model/runState.ts')).length, 1)
  t.equal(wrongNames(source('src/Model/run.ts')).length, 1)
})

test('the limit is the last line that may stand', async (t) => {
  t.strictSame(tooLong(source('src/a.ts', '1', '2', ''), 2), [])
  t.strictSame(tooLong(source('src/a.ts', '1', '2', '3', ''), 2), [
    'src/a.ts:3: 3 lines, at most 2',
  ])
})

test('types alone need no test, one function does', async (t) => {
  t.ok(isTypesOnly(source('src/ports/a.ts', 'export interface A {', '  readonly a: 1', '}')))
  t.notOk(isTypesOnly(source('src/ports/a.ts', 'export async function a() {}')))
  t.notOk(isTypesOnly(source('src/ports/a.ts', 'const a = 1')))
})

test('the rows of the errors table end with its section', async (t) => {
  const readme = [
    '## Errors',
    '| code | status | what to do |',
    '| --- | --- | --- |',
    '| `STOPPING` | 503 | Wait, `holdfast` stops. |',
    '## More',
    '| `OTHER` | 500 | No. |',
  ].join('\n')

  t.strictSame(errorRows(readme), ['STOPPING | 503 | Wait, `holdfast` stops.'])
  t.strictSame(errorRows('# Holdfast'), [])
})

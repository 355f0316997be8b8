/** Which test files share a process. */
import { test } from 'tap'
import { inGroups } from '../../scripts/lib/groups.ts'

test('small files of a folder are together, ten at most, and the order stands', async (t) => {
  const names = Array.from({ length: 12 }, (_, count) => `test/model/m${count}.test.ts`)
  const groups = inGroups(['test/e2e/a.test.ts', ...names, 'test/trust/a.test.ts'], () => '')

  t.strictSame(
    groups.map((group) => group.length),
    [1, 10, 2, 1],
  )
  t.strictSame(groups.flat(), ['test/e2e/a.test.ts', ...names, 'test/trust/a.test.ts'])
})

test('what touches the process, or asks for time, has one of its own', async (t) => {
  const texts: Readonly<Record<string, string>> = {
    'test/model/a.test.ts': "import { test } from 'tap'",
    'test/model/b.test.ts': "import { t as suite, test } from 'tap'",
    'test/model/c.test.ts': "process.env['TZ'] = 'UTC'",
    'test/model/d.test.ts': "import { spawn } from 'node:child_process'",
    'test/model/e.test.ts': "import { test, type Test } from 'tap'",
    'test/e2e/f.test.ts': "import { test } from 'tap'",
  }

  t.strictSame(
    inGroups(Object.keys(texts), (file) => texts[file] ?? ''),
    [
      ['test/model/a.test.ts', 'test/model/e.test.ts'],
      ['test/model/b.test.ts'],
      ['test/model/c.test.ts'],
      ['test/model/d.test.ts'],
      ['test/e2e/f.test.ts'],
    ],
  )
})

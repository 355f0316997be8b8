/** `holdfast audit verify` on files alone, with no node and no data folder; the rest is in test/e2e. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { hexFromBytes } from '#base/bytes.ts'
import { runCommandLine } from '#cli/command-line.ts'
import { aFile, aList, bravo } from '../support/audits.ts'
import { organisation } from '../support/nodes.ts'
import { flip } from '../support/property.ts'

const ROOT = hexFromBytes(organisation.rootKey)

test('a file that holds is said to hold, who vouches for what, and what one file cannot tell', async (t) => {
  const { older } = await files(t)
  const { code, out } = await typed('verify', older, '--root', ROOT)

  t.equal(code, 0)
  t.match(out, /made 2026-11-01T13:00:00.000Z by alpha\n/)
  t.match(
    out,
    /bravo +piece 0 +life [0-9a-f]{8} +3 of 3 entries vouched for +2026-11-01T12:00:00.000Z to .*; certificate by the root/,
  )
  t.match(out, 'Holds: every entry is as its node signed it')
  t.match(out, 'cannot be seen in one file')
  t.notMatch(out, 'compare it with yours')
})

test('without a root key it says whose root it believed', async (t) => {
  const { older } = await files(t)
  t.match((await typed('verify', older)).out, /root key [0-9a-f]{64}[\s\S]*compare it with yours/)
})

test('a newer file must go on from the older one', async (t) => {
  const { older, newer } = await files(t)

  t.match(await typed('verify', older, newer, '--root', ROOT), {
    code: 0,
    out: /The newer file goes on from the older/,
  })
  t.match(await typed('verify', newer, older, '--root', ROOT), {
    code: 1,
    out: /DOES NOT HOLD:\n.*had 4 entries and has 3/,
  })
})

test('an altered file does not hold, and one that is cut is none', async (t) => {
  const { folder, older } = await files(t)
  const bytes = await readFile(older)
  const [altered, cut] = [join(folder, 'altered'), join(folder, 'cut')]
  await writeFile(altered, flip(bytes, bytes.length - 200))
  await writeFile(cut, bytes.subarray(0, -1))

  t.match(await typed('verify', altered, '--root', ROOT), { code: 1, out: 'DOES NOT HOLD' })
  await t.rejects(typed('verify', cut, '--root', ROOT), {
    code: 'INPUT_INVALID',
    facts: { field: 'file' },
  })
  await t.rejects(typed('verify', join(folder, 'none')), {
    code: 'INPUT_INVALID',
    facts: { found: 'ENOENT' },
  })
  await t.rejects(typed('verify', older, '--root', 'abc'), {
    code: 'INPUT_INVALID',
    facts: { field: '--root' },
  })
})

test('another root vouches for nothing in the file', async (t) => {
  const { older } = await files(t)
  const { code, out } = await typed('verify', older, '--root', '11'.repeat(32))

  t.equal(code, 1)
  t.match(out, 'the file is of an organisation with another root key')
})

test('as JSON it is one line, and entries are one line each', async (t) => {
  const { older } = await files(t)
  const { out } = await typed('verify', older, '--root', ROOT, '--json', '--entries')
  const [verdict, ...entries] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

  t.match(verdict, {
    isGood: true,
    isRootGiven: true,
    problems: [],
    files: [
      {
        rootKey: ROOT,
        exporter: 'alpha',
        lists: [{ name: 'bravo', issuer: 'root', entries: 3, vouched: 3 }],
      },
    ],
  })
  t.strictSame(
    entries.map(({ deed }) => deed),
    ['audit begun', 'signed in', 'signed out'],
  )
})

async function files(t: Test) {
  const folder = t.testdir()
  const [older, newer] = [join(folder, 'older'), join(folder, 'newer')]
  const deeds = ['audit begun', 'signed in', 'signed out'] as const
  await writeFile(older, aFile([aList(bravo, deeds, { signAt: [2] }).list]))
  await writeFile(
    newer,
    aFile([aList(bravo, [...deeds, 'drill held']).list], { exportedAt: 1_793_600_000_000 }),
  )
  return { folder, older, newer }
}

async function typed(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  let out = ''
  const put = (text: string) => void (out += text)
  const terminal = { out: put, error: put }
  const signal = new AbortController().signal
  const code = await runCommandLine(['audit', ...words], { terminal, signal, environment: {} })
  return { code, out }
}

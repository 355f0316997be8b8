/** What is written to a terminal. */
import { test } from 'tap'
import { picture, placesOf } from '#cli/addresses.ts'
import { nameFrom } from '#cli/new-node.ts'
import { table, when, writeJson, writeLines } from '#cli/terminal.ts'

test('nothing that people wrote steers the terminal', async (t) => {
  const { terminal, text } = aTerminal()

  writeLines(terminal, ['red \u001b[31m\u0007', 'two\nlines\tand \u009b8m tab'])

  t.equal(text(), 'red \ufffd[31m\ufffd\ntwo\nlines\tand \ufffd8m tab\n')
})

test('JSON is one line', async (t) => {
  const { terminal, text } = aTerminal()

  writeJson(terminal, { body: 'two\nlines' })

  t.equal(text(), '{"body":"two\\nlines"}\n')
})

test('columns are as wide as their widest cell, the last one is not filled up', async (t) => {
  t.strictSame(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'cc'],
    ]),
    ['  a    bb  c', '  aaa  b   cc'],
  )
  t.strictSame(table([]), [])
})

test('a time that no calendar has, as others may claim one, is told in words', async (t) => {
  t.match(when(Date.UTC(2026, 10, 21)), /^202[56]-\d\d-\d\d \d\d:\d\d$/)
  for (const at of [8.64e15 + 1, -9e15, Number.MAX_SAFE_INTEGER, Number.NaN])
    t.equal(when(at), 'an impossible time', String(at))
})

test('a machine gives its name to a node, as far as it can be one', async (t) => {
  const names: readonly (readonly [string, string])[] = [
    ['alpha', 'alpha'],
    ['Kit 7 (Truck)', 'kit-7-truck'],
    ['bravo.example.org', 'bravo'],
    ['---', 'node'],
    ['x', 'node'],
    [`${'a'.repeat(31)}--b`, 'a'.repeat(31)],
  ]

  for (const [machine, name] of names) t.equal(nameFrom(machine), name, machine)
})

test('a node that listens on one address has that one, and one that listens on all has no loopback', async (t) => {
  t.strictSame(placesOf('10.0.0.5', 8_065), ['10.0.0.5:8065'])
  t.strictSame(placesOf('fd00::5', 8_065), ['[fd00::5]:8065'])
  t.notMatch(placesOf('0.0.0.0', 8_065).join(' '), '127.0.0.1')
})

test('a picture has a quiet zone of two modules on every side', async (t) => {
  const lines = picture('http://192.168.1.20:8065').split('\n')

  t.match(lines[0], /^█+$/)
  t.ok(lines.every((line) => /^(?:██.*██|▀+)$/.test(line)))
})

function aTerminal(): {
  readonly terminal: { readonly out: (text: string) => void; readonly error: () => void }
  readonly text: () => string
} {
  let written = ''
  return {
    terminal: { out: (text) => void (written += text), error: () => undefined },
    text: () => written,
  }
}

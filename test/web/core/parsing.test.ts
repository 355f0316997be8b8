import { test } from 'tap'
import { lineOf } from '#web/core/markup.ts'
import { parsedPieces } from '#web/core/parsing.ts'

const plainOf = (source: string): string => lineOf(parsedPieces(source))

test('what people write becomes elements', async (t) => {
  t.match(parsedPieces('**bold** and `code`'), [
    {
      kind: 'paragraph',
      inside: [
        { kind: 'strong', inside: [{ text: 'bold' }] },
        { kind: 'text', text: ' and ' },
        { kind: 'code', text: 'code' },
      ],
    },
  ])
  t.match(parsedPieces('- a\n- b'), [
    { kind: 'list', isOrdered: false, inside: [{ kind: 'item' }, {}] },
  ])
  t.match(parsedPieces('- [ ] pump\n- [x] *fuel*\n- [ ] pump\n- none'), [
    {
      inside: [
        { box: { item: 'pump', before: 0, isTicked: false } },
        {
          box: { item: '*fuel*', before: 0, isTicked: true },
          inside: [{ kind: 'em' }],
        },
        { box: { item: 'pump', before: 1, isTicked: false } },
        { kind: 'item', box: undefined },
      ],
    },
  ])
  t.equal(plainOf('- [ ] pump\n- [x] fuel'), '☐ pump ☑ fuel')
  t.match(parsedPieces('| a |\n| --- |\n| b |'), [{ kind: 'table' }])
  t.match(parsedPieces('```\nx < y\n```'), [{ kind: 'block', text: 'x < y' }])
})

test('names stand apart, addresses of mail do not', async (t) => {
  t.match(parsedPieces('Ask @bo.'), [
    { inside: [{ text: 'Ask ' }, { kind: 'mention', name: 'bo' }, { text: '.' }] },
  ])
  t.notMatch(JSON.stringify(parsedPieces('bo@example.org')), '"mention"')
})

test('HTML stays what was typed, and no link leads into a script', async (t) => {
  const evil = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[a](javascript:alert(1))',
    '[a](data:text/html,x)',
    '![a](https://elsewhere.example/x.png)',
    '<javascript:alert(1)>',
  ]
  for (const text of evil) {
    const kinds = JSON.stringify(parsedPieces(text))
    t.notMatch(kinds, '"link"', text)
    t.ok(plainOf(text).includes(text.slice(1, 5)), text)
  }
  t.match(parsedPieces('https://example.org'), [
    { inside: [{ kind: 'link', href: 'https://example.org' }] },
  ])
})

test('deep nesting ends instead of going on for ever', async (t) => {
  t.ok(JSON.stringify(parsedPieces('> '.repeat(500) + 'x')).length < 20_000)
})

test('a preview is one line', async (t) => {
  t.equal(plainOf('# Title\n\n- one\n- **two**'), 'Title one two')
})

import { test } from 'tap'
import { piecesOf, plainOf } from '#web/core/markup.ts'

test('what people write becomes elements', async (t) => {
  t.match(piecesOf('**bold** and `code`'), [
    {
      kind: 'paragraph',
      inside: [
        { kind: 'strong', inside: [{ text: 'bold' }] },
        { kind: 'text', text: ' and ' },
        { kind: 'code', text: 'code' },
      ],
    },
  ])
  t.match(piecesOf('- a\n- b'), [
    { kind: 'list', isOrdered: false, inside: [{ kind: 'item' }, {}] },
  ])
  t.match(piecesOf('- [ ] pump\n- [x] *fuel*\n- [ ] pump\n- none'), [
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
  t.match(piecesOf('| a |\n| --- |\n| b |'), [{ kind: 'table' }])
  t.match(piecesOf('```\nx < y\n```'), [{ kind: 'block', text: 'x < y' }])
})

test('names stand apart, addresses of mail do not', async (t) => {
  t.match(piecesOf('Ask @bo.'), [
    { inside: [{ text: 'Ask ' }, { kind: 'mention', name: 'bo' }, { text: '.' }] },
  ])
  t.notMatch(JSON.stringify(piecesOf('bo@example.org')), '"mention"')
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
    const kinds = JSON.stringify(piecesOf(text))
    t.notMatch(kinds, '"link"', text)
    t.ok(plainOf(text).includes(text.slice(1, 5)), text)
  }
  t.match(piecesOf('https://example.org'), [
    { inside: [{ kind: 'link', href: 'https://example.org' }] },
  ])
})

test('deep nesting ends instead of going on for ever', async (t) => {
  t.ok(JSON.stringify(piecesOf('> '.repeat(500) + 'x')).length < 20_000)
})

test('a preview is one line', async (t) => {
  t.equal(plainOf('# Title\n\n- one\n- **two**'), 'Title one two')
})

test('what is plain needs no parser, and comes out as the parser has it', async (t) => {
  const texts = [
    'The bridge at the river is closed: use the ford (2 km north).',
    'Це працює? Так, працює!',
    '٣ شاحنات في الطريق',
    '12 trucks, 3 of them empty',
  ]
  const beginnings = [
    '',
    '- ',
    '1. ',
    '+ ',
    '= ',
    '    ',
    '2) ',
    ' ',
    'www.',
    'see https://a.example ',
  ]
  const ends = [
    '',
    ' ',
    '  ',
    '.',
    '\n===',
    ' @bo',
    ' *x*',
    ' &amp; ',
    ' a@b.example',
    ' www.a.example',
  ]
  for (const text of texts)
    for (const before of beginnings)
      for (const after of ends) {
        const whole = before + text + after
        // A line of its own before it, which no parser joins: so this one is parsed for certain.
        const [, ...parsed] = piecesOf(`***\n\n${whole}`)
        if (!/^\s/.test(whole)) t.strictSame(piecesOf(whole), parsed, whole)
      }
})

import { test } from 'tap'
import { lineOf, plainPieces, typedPieces } from '#web/core/markup.ts'
import { parsedPieces } from '#web/core/parsing.ts'

test('until there is a parser a message stands as it was typed, line by line', async (t) => {
  t.strictSame(typedPieces('**Go**\nto @bo'), [
    {
      kind: 'paragraph',
      inside: [
        { kind: 'text', text: '**Go**' },
        { kind: 'break' },
        { kind: 'text', text: 'to ' },
        { kind: 'mention', name: 'bo' },
      ],
    },
  ])
  t.equal(lineOf(typedPieces('**Go**\nto @bo')), '**Go** to @bo')
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
  for (const text of texts) t.ok(plainPieces(text), text)
  for (const text of texts)
    for (const before of beginnings)
      for (const after of ends) {
        const whole = before + text + after
        const plain = plainPieces(whole)
        if (plain !== undefined) t.strictSame(plain, parsedPieces(whole), whole)
      }
})

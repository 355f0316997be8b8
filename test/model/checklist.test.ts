import { test } from 'tap'
import {
  itemsOf,
  numberOf,
  tickedBody,
  ticksSince,
  withTick,
  type TickRecord,
} from '#model/checklist.ts'
import { aPersonId } from '../support/histories.ts'

const LIST = `Before we leave:
- [ ] pump
* [x] fuel
  1. [ ] water
> - [X] maps
- [ ] pump
- [] none
-[ ] none
- [ ]`

test('items are what Markdown draws a box for, in their order', async (t) => {
  t.match(itemsOf(LIST), [
    { text: 'pump', isTicked: false, number: numberOf('pump', 0) },
    { text: 'fuel', isTicked: true },
    { text: 'water', isTicked: false },
    { text: 'maps', isTicked: true },
    { text: 'pump', isTicked: false, number: numberOf('pump', 1) },
  ])
  t.equal(itemsOf(LIST).length, 5)
  t.strictSame(itemsOf('no list'), [])
  t.match(itemsOf('a\r- [ ] b\n- [ ] c\r\n'), [{ text: 'c' }])
  t.equal(itemsOf('a\r- [ ] b').length, 0, 'a line ends at a line feed')
})

test('ticks set and empty the boxes of their items and leave all else as it is', async (t) => {
  const shown = tickedBody(LIST, [
    tick({ item: numberOf('pump', 1), isSet: true }),
    tick({ item: numberOf('fuel', 0), isSet: false }),
    tick({ item: numberOf('not there', 0), isSet: true }),
  ])

  t.equal(shown, LIST.replace('- [ ] pump\n- []', '- [x] pump\n- []').replace('* [x]', '* [ ]'))
})

test('an item has its number by its words, wherever it stands', async (t) => {
  const moved = itemsOf('- [ ] first of all\r\n- [ ] pump  \n')

  t.strictSame(
    moved.map(({ text, number }) => [text, number]),
    [
      ['first of all', numberOf('first of all', 0)],
      ['pump', numberOf('pump', 0)],
    ],
  )
  t.equal(numberOf('pump', 65_536), numberOf('pump', 0), 'it stays within two bytes')
})

test('the newest word on an item counts, and none from before the last edit', async (t) => {
  const [late, early] = [tick({ order: '3', isSet: false }), tick({ order: '2', isSet: true })]

  t.strictSame(withTick([late], early), [late])
  t.strictSame(withTick([early], late), [late])
  t.strictSame(ticksSince([late], '3'), [])
  t.strictSame(ticksSince([late], '2'), [late])
  t.strictSame(ticksSince(undefined, ''), [])
})

function tick(changes: Partial<TickRecord>): TickRecord {
  return { item: 1, isSet: true, person: aPersonId('amira'), order: '1', at: 1, ...changes }
}

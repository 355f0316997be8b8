import { test } from 'tap'
import { rankOf, readLabel, whyAbove } from '#model/label.ts'

const LEVELS = ['open', 'restricted', 'secret']

test('a level stands where it stands in the list; nothing is the lowest, and what is none above all', async (t) => {
  t.strictSame(
    [[], ['open'], ['secret'], ['cosmic'], ['open', 'cosmic']].map((one) => rankOf(LEVELS, one)),
    [0, 0, 2, Infinity, Infinity],
  )
})

function above(label: object, channel: object): string | undefined {
  return whyAbove(LEVELS, { ...label }, { ...channel })
}

test('nothing flows down', async (t) => {
  t.equal(above({ classification: 'secret' }, { classification: 'restricted' }), 'classification')
  t.equal(above({ classification: 'restricted' }, {}), 'classification')
  t.equal(above({ classification: 'cosmic' }, { classification: 'cosmic' }), 'classification')
  t.equal(above({ classification: 'open' }, {}), undefined)
  t.equal(above({ classification: 'open' }, { classification: 'secret' }), undefined)
  t.equal(above({ releasableTo: ['redcross'] }, {}), 'releasableTo')
  t.equal(above({ releasableTo: ['a'] }, { releasableTo: ['a', 'b'] }), 'releasableTo')
  t.equal(above({ releasableTo: ['a', 'b'] }, { releasableTo: ['a'] }), undefined)
  t.equal(above({ releasableTo: [] }, { releasableTo: [] }), undefined)
})

test('a label that cannot be read stands above every channel', async (t) => {
  for (const field of [1, 'secret', { classification: 5 }, []]) {
    const label = readLabel(field)
    t.equal(label && whyAbove(LEVELS, label, { classification: 'secret' }), 'classification')
  }
  t.equal(readLabel(undefined), undefined)
  t.equal(readLabel(null), undefined)
})

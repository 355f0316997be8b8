import { test } from 'tap'
import { optionsOf } from './draw.ts'
import { DEFAULT_OPTIONS, EXTRAS, FAULTS } from './options.ts'

const SEEDS = Array.from({ length: 1_000 }, (_, index) => 1 + index)

test('a seed draws its own size and faults, always the same', async (t) => {
  const drawn = SEEDS.map((seed) => optionsOf(seed, {}))

  t.strictSame(
    drawn,
    SEEDS.map((seed) => optionsOf(seed, { hours: undefined, planted: [] })),
  )
  t.strictSame(
    [...new Set(drawn.map(({ nodes }) => nodes))].toSorted((a, b) => a - b),
    [2, 3, 4, 5],
  )
  t.ok(
    drawn.some(({ hours, actions }) => hours >= 3 && actions >= 60),
    'some are large',
  )
  t.ok(drawn.filter(({ hours }) => hours <= 1).length > 800, 'most are small')
  for (const fault of FAULTS) {
    const without = drawn.filter((one) => one.without.includes(fault)).length
    t.ok(without > 50 && without < 300, `${fault} is left out now and then: ${without}`)
  }
  for (const extra of EXTRAS)
    t.ok(
      drawn.some(({ also }) => also.includes(extra)),
      extra,
    )
})

test('who says anything of a run has the rest as usual', async (t) => {
  t.strictSame(optionsOf(7, { also: ['put-back'] }), { ...DEFAULT_OPTIONS, also: ['put-back'] })
  t.strictSame(optionsOf(7, { nodes: 5 }), { ...DEFAULT_OPTIONS, nodes: 5 })
  t.strictSame(optionsOf(7, { planted: ['disk-restored'] }), {
    ...optionsOf(7, {}),
    planted: ['disk-restored'],
  })
})

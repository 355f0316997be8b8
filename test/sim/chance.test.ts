import { test } from 'tap'
import { openChance } from './chance.ts'

const draw = (name: string): readonly number[] => {
  const chance = openChance(name)
  return Array.from({ length: 20 }, () => chance.below(1_000_000))
}

test('equal names give equal sequences, other names others', async (t) => {
  t.strictSame(draw('seed 1'), draw('seed 1'))
  t.notSame(draw('seed 1'), draw('seed 2'))
})

test('a fork is the same whatever was drawn before', async (t) => {
  const fresh = openChance('seed 1')
  const used = openChance('seed 1')
  for (let count = 0; count < 100; count += 1) used.below(10)

  t.equal(fresh.fork('disk').below(1_000_000), used.fork('disk').below(1_000_000))
  t.not(fresh.fork('disk').below(1_000_000), fresh.fork('clock').below(1_000_000))
})

test('drawn numbers lie within their bounds and reach both', async (t) => {
  const chance = openChance('bounds')
  const drawn = Array.from({ length: 500 }, () => chance.between(-2, 2))

  t.strictSame(
    [...new Set(drawn)].toSorted((a, b) => a - b),
    [-2, -1, 0, 1, 2],
  )
})

test('what happens with a quarter probability happens about every fourth time', async (t) => {
  const chance = openChance('quarter')
  const count = Array.from({ length: 10_000 }, () => chance.happens(0.25)).filter(Boolean).length

  t.ok(count > 2_300 && count < 2_700, `${count} of 10,000`)
})

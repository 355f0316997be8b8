/** Which counters count: those that others explain, whatever comes first. */
import { test } from 'tap'
import { COUNTER_GAP_MAX, COUNTER_MAX } from '#base/limits.ts'
import { openExplained, type Numbered } from '#model/explained.ts'
import { seededRandom } from '../support/random.ts'

const STEP = COUNTER_GAP_MAX

test('honest numbers count as they come, in any order', async (t) => {
  const numbers = Array.from({ length: 500 }, (_, at) => at + 1)
  for (const seed of [1, 2, 3]) {
    const explained = openExplained<Numbered>(false)
    for (const number of shuffled(numbers, seed))
      t.equal(explained.add(one(number)).length, 1, 'itself')
    t.equal(explained.counter(), 500)
    t.equal(explained.waiting(), 0)
  }
})

test('one far above all others waits, and leads nobody along', async (t) => {
  const explained = openExplained<Numbered>(false)
  explained.add(one(7))

  t.strictSame(explained.add(one(8 + STEP)), [])
  t.strictSame(explained.add(one(COUNTER_MAX)), [])

  t.equal(explained.counter(), 7)
  t.equal(explained.waiting(), 2)
  t.strictSame(numbersOf(explained.add(one(8))), [8, 8 + STEP], 'now it is explained')
  t.equal(explained.counter(), 8 + STEP)
  t.equal(explained.waiting(), 1)
})

test('what counts in the end follows from which there are, not from when they came', async (t) => {
  const ladder = [STEP, 2 * STEP, 3 * STEP, 4 * STEP]
  const beyond = [6 * STEP, 6 * STEP, 7 * STEP, COUNTER_MAX]
  const numbers = [0, 0, 1, 2, ...ladder, ...beyond]
  for (let seed = 1; seed <= 50; seed += 1) {
    const explained = openExplained<Numbered>(false)
    const counted = shuffled(numbers, seed).flatMap((number) =>
      numbersOf(explained.add(one(number))),
    )

    t.strictSame(
      counted.toSorted((a, b) => a - b),
      [0, 0, 1, 2, ...ladder],
      `seed ${seed}`,
    )
    t.equal(explained.counter(), 4 * STEP)
    t.equal(explained.waiting(), beyond.length)
  }
})

test('many that wait do not make each one dear, in whatever order they come', async (t) => {
  const many = 4_000
  for (const isDescending of [false, true]) {
    const explained = openExplained<Numbered>(false)
    let reads = 0
    const counted = (counter: number): Numbered => ({
      entry: {
        get counter() {
          reads += 1
          return counter
        },
      },
    })
    const apart = Array.from({ length: many }, (_, at) => 2 * (at + 1) * STEP)
    for (const number of isDescending ? apart.toReversed() : apart) explained.add(counted(number))
    for (const number of apart) explained.add(counted(number - STEP))

    t.equal(explained.waiting(), 0)
    t.equal(explained.counter(), 2 * many * STEP)
    t.ok(reads < many * 100, `${reads} looks`)
  }
})

test('what had waited comes in the order of its numbers, each once', async (t) => {
  const explained = openExplained<Numbered>(false)
  for (const number of [4 * STEP, 2 * STEP, 3 * STEP]) explained.add(one(number))

  t.strictSame(numbersOf(explained.add(one(STEP))), [STEP, 2 * STEP, 3 * STEP, 4 * STEP])
  t.strictSame(numbersOf(explained.add(one(1))), [1])
})

test('where a list was cut off everything counts', async (t) => {
  const explained = openExplained<Numbered>(true)

  t.equal(explained.add(one(COUNTER_MAX)).length, 1)

  t.equal(explained.counter(), COUNTER_MAX)
  t.equal(explained.waiting(), 0)
})

test('very many that wait cost little', async (t) => {
  const explained = openExplained<Numbered>(false)
  const before = process.cpuUsage()
  for (let at = 20_000; at > 1; at -= 1) explained.add(one(at * (STEP + 1)))
  for (let at = 1; at < 200; at += 1) explained.add(one(at * (STEP + 1) - 1))

  t.ok(process.cpuUsage(before).user < 3_000_000, 'microseconds of this process alone')
})

function one(counter: number): Numbered {
  return { entry: { counter } }
}

function numbersOf(entries: readonly Numbered[]): readonly number[] {
  return entries.map(({ entry }) => entry.counter)
}

function shuffled(numbers: readonly number[], seed: number): readonly number[] {
  const random = seededRandom(seed)
  const keyed = numbers.map((number) => ({
    number,
    at: Buffer.from(random.bytes(4)).readUInt32BE(),
  }))
  return keyed.toSorted((a, b) => a.at - b.at).map(({ number }) => number)
}

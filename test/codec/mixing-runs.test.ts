/** What always followed is expected again, the surer the oftener, and is forgotten when it was learned since. */
import { test } from 'tap'
import { openRuns, type Runs } from '#codec/mixing-runs.ts'

/** What it says of the bits of `byte` after `hash`, and what it then learns. */
function after(runs: Runs, hash: number, byte: number): readonly number[] {
  const said: number[] = []
  runs.turnTo(0, Math.imul(hash, 0x9e37_79b1))
  let bits = 1
  for (let place = 7; place >= 0; place -= 1) {
    const bit = (byte >> place) & 1
    said.push(runs.guess(0, bits))
    runs.learn(bits, bit)
    bits = 2 * bits + bit
  }
  runs.endByte(byte)
  return said
}

test('a byte that came in a context is expected there, and nowhere else', async (t) => {
  const runs = openRuns(1)
  t.strictSame(after(runs, 77, 0x55), [0, 0, 0, 0, 0, 0, 0, 0])
  const signs = after(runs, 77, 0x55).map(Math.sign)
  t.strictSame(signs, [-1, 1, -1, 1, -1, 1, -1, 1])
  t.strictSame(after(runs, 78, 0x55), [0, 0, 0, 0, 0, 0, 0, 0])
})

test('it says nothing more of a byte that went another way, and then expects the new one', async (t) => {
  const runs = openRuns(1)
  after(runs, 5, 0b1010_0000)
  const [one, two, three] = after(runs, 5, 0b1110_0000)
  t.ok((one ?? 0) > 0 && (two ?? 0) < 0)
  t.equal(three, 0)
  t.strictSame(after(runs, 5, 0b1110_0000).map(Math.sign), [1, 1, 1, -1, -1, -1, -1, -1])
})

test('the oftener the same came, the surer it is', async (t) => {
  const runs = openRuns(1)
  for (let times = 0; times < 300; times += 1) after(runs, times % 3, 0xff)
  const often = after(runs, 0, 0xff)[7] ?? 0
  after(runs, 9, 0xff)
  const once = after(runs, 9, 0xff)[7] ?? 0
  t.ok(often > once && once > 0, `${often} ${once}`)
})

test('what was learned since it was kept is forgotten', async (t) => {
  const runs = openRuns(1)
  after(runs, 1, 0x41)
  runs.turnTo(0, Math.imul(1, 0x9e37_79b1))
  runs.keep()
  const before = after(runs, 1, 0x41)
  for (let times = 0; times < 20; times += 1) after(runs, times, times)
  runs.forget()
  t.strictSame(after(runs, 1, 0x41), before)
})

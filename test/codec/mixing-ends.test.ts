/** Where bodies end is learned from bodies, and never certain. */
import { test } from 'tap'
import { END, openEnds, type Ends } from '#codec/mixing-ends.ts'

const single = Buffer.from('\x01\x04\x00\x05The road is open.\x00', 'latin1')
const double = Buffer.from('\x01\x04\x01\x05First one.\x00\x94Then another.\x00', 'latin1')

/** What it guesses at each END of a body. */
function guesses(ends: Ends, body: Uint8Array): readonly number[] {
  const all: number[] = []
  for (const [at, byte] of body.entries()) {
    ends.see(byte)
    if (byte !== END) continue
    all.push(ends.guess())
    ends.learn(at === body.length - 1 ? 1 : 0)
  }
  ends.forget()
  return all
}

test('a zero among numbers is no end, one after a text may be', async (t) => {
  const ends = openEnds(Array.from({ length: 20 }, (_, at) => (at % 4 === 0 ? double : single)))
  const [early = 0, late = 0] = guesses(ends, single)

  t.ok(early < 1_500, String(early))
  t.ok(late > 2_500, String(late))
  t.strictSame(guesses(ends, single), [early, late], 'each body begins with the same')
})

test('whatever came, it is never certain', async (t) => {
  for (const bit of [0, 1]) {
    const ends = openEnds([])
    for (let times = 0; times < 1_000; times += 1) {
      ends.see(END)
      const likely = ends.guess()
      if (likely < 1 || likely > 4_095) t.fail(String(likely))
      ends.learn(bit)
    }
  }
  t.pass('none was')
})

/** Guesses stay within their bounds, grow surer, and go back to where they were. */
import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { openGuesser } from '#codec/mixing-guess.ts'
import { seededRandom } from '../support/random.ts'

const bitsOf = (bytes: Uint8Array): readonly number[] =>
  [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((place) => (byte >> place) & 1))

test('a guess is never certain, whatever came', async (t) => {
  const guesser = openGuesser(new Uint8Array(0))
  const sly = [new Uint8Array(500), new Uint8Array(500).fill(255), seededRandom(3).bytes(500)]
  for (const bit of bitsOf(Buffer.concat(sly))) {
    const likely = guesser.guess()
    if (likely < 1 || likely > 4_095) t.fail(String(likely))
    guesser.learn(bit)
  }
  t.pass('none was')
})

test('what it has read it knows again, and what it learned since it forgets', async (t) => {
  const text = bytesFromText('the road to the hospital is open again; ')
  const guesser = openGuesser(text)
  const costOf = (plain: string): number => {
    let bits = 0
    for (const bit of bitsOf(bytesFromText(plain))) {
      const likely = guesser.guess() / 4_096
      bits -= Math.log2(bit === 1 ? likely : 1 - likely)
      guesser.learn(bit)
    }
    return bits
  }
  const first = costOf('the road to the hospital')
  const again = costOf(' the road to the hospital')
  guesser.forget()
  t.equal(costOf('the road to the hospital'), first)
  t.ok(again < first)
  guesser.forget()
  t.ok(costOf('zqx jwk vvb plm qqq wrt yyy') > 2 * first)
})

test('within a letter it knows the first two bits, unless this is no UTF-8', async (t) => {
  const guesser = openGuesser(new Uint8Array(0))
  const told = (bytes: readonly number[]): readonly number[] =>
    bitsOf(Uint8Array.from(bytes)).map((bit) => {
      const likely = guesser.guess()
      guesser.learn(bit)
      return likely
    })
  told([0xd9, 0xe1])
  t.strictSame(told([0x9e]).slice(0, 2), [4_095, 1])
  t.strictSame(told([0x80]).slice(0, 2), [4_095, 1])
  t.not(told([0x80])[0], 4_095, 'the letter is whole')
  told([0xe1])
  t.equal(told([0x41])[0], 4_095, 'it ends here, though')
  told([0xe1])
  t.not(told([0x9e])[0], 4_095, 'what is no UTF-8 once is none')
})

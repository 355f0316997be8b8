/** The node's secrets in one sealed file. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { sealingKey } from '#storage/seal.ts'
import { openSecrets, sealSecrets } from '#storage/secrets.ts'
import { seededRandom } from '../support/random.ts'

const KEY = sealingKey(1, new Uint8Array(32).fill(1))
const SECRETS = new Map([
  ['signing', bytesFromText('a seed that must not be seen ....')],
  ['root', new Uint8Array(32).fill(2)],
])

test('secrets come back by their names, and nothing of them shows', async (t) => {
  for (const algorithm of [1, 2] as const) {
    const key = sealingKey(algorithm, new Uint8Array(32).fill(1))
    const bytes = sealSecrets(key, SECRETS, seededRandom(1))

    t.notMatch(Buffer.from(bytes).toString('latin1'), /seed|signing|root/)
    const read = must(openSecrets(key, bytes), 'opened')
    t.strictSame([...read.keys()], ['root', 'signing'])
    t.equal(Buffer.compare(must(read.get('root'), 'root'), new Uint8Array(32).fill(2)), 0)
  }
})

test('another key, a flipped bit or a missing end opens nothing', async (t) => {
  const good = sealSecrets(KEY, SECRETS, seededRandom(1))

  t.equal(openSecrets(sealingKey(1, new Uint8Array(32)), good), undefined)
  t.equal(openSecrets(sealingKey(2, new Uint8Array(32).fill(1)), good), undefined)
  for (let length = 0; length < good.length; length += 1)
    t.equal(openSecrets(KEY, good.subarray(0, length)), undefined)
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const bad = Uint8Array.from(good)
    bad[bit >> 3] = must(bad[bit >> 3], 'inside') ^ (1 << (bit & 7))
    t.equal(openSecrets(KEY, bad), undefined)
  }
})

/** The vault: one key, several ways to it, and none of them tells anything about it or another. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import type { Algorithm } from '#storage/seal.ts'
import { decodeVault, encodeVault, type Vault } from '#storage/vault-format.ts'
import {
  emptyVault,
  makeShare,
  openWithKeyFile,
  openWithPassphrase,
  openWithRelease,
  shareIdOf,
  waysOf,
  withKeyFile,
  withoutWay,
  withPassphrase,
  withRelease,
} from '#storage/vault.ts'
import { seededRandom } from '../support/random.ts'

const KEY = new Uint8Array(32).fill(7)
const KEY_FILE = new Uint8Array(32).fill(8)
const DEVICE = new Uint8Array(32).fill(9)
/** Cheap, so that the test is quick; the real cost is in PASSPHRASE_COST. */
const CHEAP = { memoryKib: 64, passes: 1, lanes: 1 }
const PASSPHRASE = 'seven green boats'

test('each way opens the same key, whichever algorithm the vault has', async (t) => {
  for (const algorithm of [1, 2] as const) {
    const { vault, share } = await aVault(algorithm)
    const read = must(decodeVault(encodeVault(vault)), 'a vault')

    t.strictSame(waysOf(read), ['keyFile', 'passphrase', 'release'])
    t.strictSame(openWithKeyFile(read, KEY_FILE), KEY)
    t.strictSame(bytes(await openWithPassphrase(read, PASSPHRASE)), KEY)
    t.strictSame(shareIdOf(read), share.id)
    t.strictSame(openWithRelease(read, DEVICE, share.bytes), KEY)
  }
})

test('another key file, passphrase, device or share opens nothing', async (t) => {
  const { vault, share } = await aVault(1)
  const other = new Uint8Array(32).fill(1)

  t.equal(openWithKeyFile(vault, other), undefined)
  t.equal(await openWithPassphrase(vault, `${PASSPHRASE} `), undefined)
  t.equal(openWithRelease(vault, other, share.bytes), undefined)
  t.equal(openWithRelease(vault, DEVICE, other), undefined)
  t.equal(openWithRelease(vault, DEVICE, new Uint8Array(5)), undefined, 'an answer of any length')
})

test('a passphrase typed with other code points for the same letters opens', async (t) => {
  const vault = await withPassphrase(emptyVault(1, seededRandom(1)), KEY, {
    passphrase: 'sch\u00f6ne B\u00e4ume',
    random: seededRandom(2),
    cost: CHEAP,
  })

  t.ok(await openWithPassphrase(vault, 'scho\u0308ne Ba\u0308ume'))
})

test('a way that was taken away opens no more, and a new one does not change the others', async (t) => {
  const { vault, share } = await aVault(1)

  const less = withoutWay(vault, 'keyFile')
  const more = withKeyFile(less, KEY, { secret: DEVICE, random: seededRandom(9) })

  t.equal(openWithKeyFile(less, KEY_FILE), undefined)
  t.equal(openWithKeyFile(more, KEY_FILE), undefined)
  t.strictSame(openWithKeyFile(more, DEVICE), KEY)
  t.strictSame(openWithRelease(more, DEVICE, share.bytes), KEY)
})

test('the bytes of a vault are golden: they change only with a new version', async (t) => {
  const vault = withKeyFile(emptyVault(1, seededRandom(1)), KEY, {
    secret: KEY_FILE,
    random: seededRandom(2),
  })
  const aes = withKeyFile(emptyVault(2, seededRandom(1)), KEY, {
    secret: KEY_FILE,
    random: seededRandom(2),
  })

  t.equal(
    hexFromBytes(encodeVault(vault)),
    '484656010191dc089097e0daf4454fe603d76c3c8a0101107ffacefd7b3f92de388875983c88819d0488c1afb2736a9ae44fc27289cf71362c4ac825d975516c528d7cca8f1ff7baa43de10c9084da0e5557bd285b9b610ce96f7e3ad0e5e400a5b06c8e',
  )
  t.equal(
    hexFromBytes(encodeVault(aes)),
    '484656010291dc089097e0daf4454fe603d76c3c8a0101107ffacefd7b3f92de388875983c88819d0488c1afb2736a9ae44fc272a65ba255b028459f11c1d8c24515655a4e00d317bd6e5cadc2b08425364285a1136efa7efa9fe9f4fb015cbb4260b2f6',
  )
})

test('no flipped bit of a vault opens it to another key or throws', async (t) => {
  const { vault, share } = await aVault(1)
  const good = encodeVault(vault)

  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const bad = Uint8Array.from(good)
    bad[bit >> 3] = must(bad[bit >> 3], 'inside') ^ (1 << (bit & 7))
    const read = decodeVault(bad)
    if (read === undefined) continue
    const opened = [openWithKeyFile(read, KEY_FILE), openWithRelease(read, DEVICE, share.bytes)]
    t.ok(
      opened.every((key) => key === undefined || Buffer.compare(key, KEY) === 0),
      `bit ${bit}`,
    )
  }
})

test('bytes cut short, of another version or with absurd costs are no vault', async (t) => {
  const { vault } = await aVault(1)
  const good = encodeVault(vault)

  for (let length = 0; length < good.length; length += 1)
    t.equal(decodeVault(good.subarray(0, length)), undefined)
  t.equal(decodeVault(Buffer.concat([good, Uint8Array.of(0)])), undefined)
  t.equal(decodeVault(Buffer.from(good).fill(9, 3, 4)), undefined, 'another version')
  t.equal(decodeVault(Buffer.from(good).fill(3, 4, 5)), undefined, 'another algorithm')
  const costly = {
    ...vault,
    slots: vault.slots.map((slot) =>
      slot.way === 'passphrase'
        ? {
            ...slot,
            parameters: Buffer.concat([
              slot.parameters.subarray(0, 16),
              Uint8Array.of(255, 255, 255, 255, 15, 1, 1),
            ]),
          }
        : slot,
    ),
  }
  t.equal(decodeVault(encodeVault(costly)), undefined, 'terabytes of memory')
})

async function aVault(
  algorithm: Algorithm,
): Promise<{ readonly vault: Vault; readonly share: ReturnType<typeof makeShare> }> {
  const random = seededRandom(4)
  const share = makeShare(random)
  const first = withKeyFile(emptyVault(algorithm, random), KEY, { secret: KEY_FILE, random })
  const second = await withPassphrase(first, KEY, { passphrase: PASSPHRASE, random, cost: CHEAP })
  return { vault: withRelease(second, KEY, { deviceSecret: DEVICE, share, random }), share }
}

function bytes(value: Uint8Array | undefined): Uint8Array | undefined {
  return value && Uint8Array.from(value)
}

import { test } from 'tap'
import { concatBytes, equalBytes } from '#base/bytes.ts'
import { COURIER_SECRETS_MAX, ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import {
  COURIER_FRAME_BYTES,
  COURIER_HEADER_BYTES,
  courierSalt,
  openCourierFile,
  writeCourierFile,
} from '#codec/courier-file.ts'
import { derive, seal, sealKey, SUITE_FIPS, SUITE_NACL, SUITES, type Suite } from '#trust/keys.ts'
import { seedOf } from '../support/nodes.ts'
import { seededRandom } from '../support/random.ts'

const secret = seedOf('epoch secret')
const salt = seedOf('salt')
const random = seededRandom(7)
const COURIER_PURPOSE = { label: 'holdfast courier 1', length: 32 }

test('what goes in comes out, in either suite, whatever the sizes', async (t) => {
  for (const suite of SUITES)
    for (const sizes of [[], [1], [4_078], [4_079], [4_080], [9, ENVELOPE_BYTES_MAX, 1, 4_076]]) {
      const envelopes = sizes.map((size) => random.bytes(size))
      const file = fileOf(envelopes, { suite })

      const read = readAll(file, { suite })

      t.equal((file.length - COURIER_HEADER_BYTES) % COURIER_FRAME_BYTES, 0, 'sizes say little')
      t.strictSame(read, { envelopes: envelopes.map(hex), end: 'whole' }, `sizes ${sizes.join()}`)
    }
})

test('wherever a file is cut, what came whole before is good and the cut is seen', async (t) => {
  const envelopes = [100, 5_000, 30, 9_000].map((size) => random.bytes(size))
  const file = fileOf(envelopes)
  const wholeBefore = (length: number): readonly string[] => {
    const plain = Math.floor((length - COURIER_HEADER_BYTES) / COURIER_FRAME_BYTES) * 4_080
    let end = 0
    return envelopes.filter(({ length: size }) => (end += 2 + size) <= plain).map(hex)
  }

  for (let length = 0; length < file.length; length += 1) {
    const { envelopes: found, end } = readAll(file.subarray(0, length))
    if (end === 'whole' || found.join() !== wholeBefore(length).join())
      t.fail(`cut after ${length} bytes: ${found.length} envelopes, ${end}`)
  }
  t.equal(wholeBefore(file.length).length, 4)
})

test('whichever byte is changed, nothing but what came before its frame is taken', async (t) => {
  const envelopes = [100, 5_000, 30].map((size) => random.bytes(size))
  const file = fileOf(envelopes)
  const good = envelopes.map(hex)

  for (let at = 0; at < file.length; at += 1) {
    const bent = file.slice()
    bent[at] = (bent[at] ?? 0) ^ (1 << (at % 8))
    const { envelopes: found, end } = readAll(bent)
    const isPrefix = found.every((one, place) => one === good[place])
    const isBefore = at >= COURIER_HEADER_BYTES + COURIER_FRAME_BYTES || found.length === 0
    if (end === 'whole' || !isPrefix || !isBefore) t.fail(`byte ${at}: ${end}`)
  }
  t.pass(`${file.length} bytes`)
})

test('frames that change places, come twice or come from another file are not read', async (t) => {
  const envelopes = [random.bytes(20_000)]
  const file = fileOf(envelopes)
  const other = fileOf(envelopes, { salt: seedOf('another salt') })
  const header = file.subarray(0, COURIER_HEADER_BYTES)
  const made = {
    swapped: [frame(file, 0), frame(file, 2), frame(file, 1), frame(file, 3), frame(file, 4)],
    repeated: [frame(file, 0), frame(file, 0), frame(file, 1), frame(file, 2), frame(file, 3)],
    mixed: [frame(file, 0), frame(other, 1), frame(file, 2), frame(file, 3), frame(file, 4)],
    'without its middle': [frame(file, 0), frame(file, 4)],
  }

  t.equal(readAll(file).end, 'whole')
  for (const [name, frames] of Object.entries(made))
    t.strictSame(
      readAll(concatBytes(header, ...frames)),
      { envelopes: [], end: 'not authentic' },
      name,
    )
  t.equal(readAll(concatBytes(file, frame(file, 0))).end, 'malformed', 'bytes behind the end')
})

test('another secret, another suite and another version open nothing', async (t) => {
  const file = fileOf([random.bytes(50)])
  const versioned = file.slice()
  versioned[7] = 50

  t.equal(readAll(file, { secrets: [seedOf('another secret')] }).end, 'closed')
  t.equal(readAll(file, { secrets: [] }).end, 'closed')
  t.equal(readAll(file, { suite: SUITE_FIPS }).end, 'closed')
  t.equal(readAll(versioned).end, 'closed')
  t.equal(courierSalt(versioned), 'unknown version')
  t.equal(courierSalt(file.subarray(1)), 'malformed')
  t.equal(courierSalt(file.subarray(0, 39)), 'malformed')
})

test('the secret that opens it is found among those held, and no more of them are tried', async (t) => {
  const file = fileOf([random.bytes(50)])
  const others = Array.from({ length: COURIER_SECRETS_MAX }, (_, at) => seedOf(`secret ${at}`))

  t.equal(readAll(file, { secrets: [...others.slice(1), secret] }).end, 'whole')
  t.equal(readAll(file, { secrets: [...others, secret] }).end, 'closed')
})

test('two files have nothing in common but the magic', async (t) => {
  const envelopes = [random.bytes(3_000)]
  const [one, two] = [fileOf(envelopes), fileOf(envelopes, { salt: seedOf('another salt') })]
  const windows = new Set<string>()
  for (let at = 8; at + 8 <= one.length; at += 1) windows.add(hex(one.subarray(at, at + 8)))

  for (let at = 8; at + 8 <= two.length; at += 1)
    if (windows.has(hex(two.subarray(at, at + 8)))) t.fail(`8 equal bytes at ${at}`)
  t.ok(equalBytes(one.subarray(0, 8), two.subarray(0, 8)))
})

test('a member who keeps no rule gets nothing through but envelopes', async (t) => {
  for (const [name, plain] of Object.entries({
    'a length beyond the largest envelope': [255, 255],
    'something behind the end': [0, 0, 0, 9],
    'an end that is not in the last frame': [0, 1, 7, 0, 0],
  })) {
    const made = forged(SUITE_NACL, Uint8Array.from(plain), name.startsWith('an end'))
    t.strictSame(readAll(made), { envelopes: [], end: 'malformed' }, name)
  }
  const unfinished = new Uint8Array(4_080).fill(1)
  t.equal(
    readAll(forged(SUITE_NACL, unfinished, false)).end,
    'malformed',
    'a last frame without end',
  )
})

/** The file with these envelopes. */
function fileOf(
  envelopes: readonly Uint8Array[],
  choice: { readonly suite?: Suite; readonly salt?: Uint8Array } = {},
): Uint8Array {
  const writer = writeCourierFile(choice.suite ?? SUITE_NACL, { secret, salt: choice.salt ?? salt })
  return concatBytes(...envelopes.map(writer.add), writer.end())
}

/** One frame with this plaintext, rightly sealed, and one more behind it when it is not to be the last. */
function forged(suite: Suite, plain: Uint8Array, isFirstOfTwo: boolean): Uint8Array {
  const bytes = new Uint8Array(4_080)
  bytes.set(plain)
  const key = sealKey(suite, derive(suite, concatBytes(secret, salt), COURIER_PURPOSE))
  const header = concatBytes(Buffer.from('hfcour01'), salt)
  const nonce = Buffer.alloc(12)
  nonce[0] = isFirstOfTwo ? 0 : 1
  return concatBytes(header, seal(key, nonce, { bytes, bound: header }))
}

function readAll(
  file: Uint8Array,
  choice: { readonly suite?: Suite; readonly secrets?: readonly Uint8Array[] } = {},
): { readonly envelopes: readonly string[]; readonly end: string } {
  const header = file.subarray(0, COURIER_HEADER_BYTES)
  const at = (number: number): Uint8Array =>
    file.subarray(
      COURIER_HEADER_BYTES + number * 4_096,
      COURIER_HEADER_BYTES + (number + 1) * 4_096,
    )
  const reader = openCourierFile(choice.suite ?? SUITE_NACL, choice.secrets ?? [secret], {
    header,
    frame: at(0),
  })
  if (reader === undefined) return { envelopes: [], end: 'closed' }
  const envelopes: string[] = []
  let isEnd = false
  for (let number = 0; at(number).length > 0; number += 1) {
    const part = reader.next(at(number))
    if (!part.ok) return { envelopes, end: part.reason }
    envelopes.push(...part.envelopes.map(hex))
    isEnd = part.isEnd
  }
  return { envelopes, end: isEnd ? 'whole' : 'cut' }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function frame(from: Uint8Array, number: number): Uint8Array {
  const start = COURIER_HEADER_BYTES + number * COURIER_FRAME_BYTES
  return from.subarray(start, start + COURIER_FRAME_BYTES)
}

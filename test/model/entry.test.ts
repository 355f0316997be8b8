/** Entries: what is written is read, and whatever else a list may hold is `unknown` and never throws. */
import assert from 'node:assert/strict'
import { encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type ChannelId,
  type FileId,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import { FILE_BYTES_MAX, MESSAGE_CHARACTERS_MAX, SMALL_BYTES_MAX } from '#base/limits.ts'
import {
  decodeEntry,
  encodeEntry,
  isCounted,
  type Content,
  type Draft,
  type Entry,
} from '#model/entry.ts'
import { earliestPlace, EMPTY_LIST } from '#model/list.ts'
import type { Settings } from '#model/settings.ts'
import { anyText, aPersonId } from '../support/histories.ts'
import { anyBytes, holds } from '../support/property.ts'

const amira = aPersonId('amira')
const bo = aPersonId('bo')
const NOON = 1_793_534_400_000
const target = idFromBytes<PostId>(new Uint8Array(16).fill(7))

const anyPost = anyBytes(16).map((bytes) => idFromBytes<PostId>(bytes))
const anyChannel = anyBytes(16).map((bytes) => idFromBytes<ChannelId>(bytes))
const anyPerson = anyBytes(16).map((bytes) => idFromBytes<UserId>(bytes))
const anyFile = fc.record({
  id: anyBytes(16).map((bytes) => idFromBytes<FileId>(bytes)),
  name: anyText(40).map((text) => `x${text}`),
  type: fc.constantFrom('image/png', '', 'application/octet-stream'),
  bytes: fc.nat(FILE_BYTES_MAX),
  hash: anyBytes(32).map(hexFromBytes),
})
const anySeenFile = fc.record(
  {
    id: anyFile.map(({ id }) => id),
    name: anyText(10).map((text) => `x${text}`),
    type: fc.constant('image/jpeg'),
    bytes: fc.nat(FILE_BYTES_MAX),
    hash: anyBytes(32).map(hexFromBytes),
    preview: fc.oneof(
      fc.record({
        kind: fc.constant('picture' as const),
        width: fc.nat(),
        height: fc.nat(),
        image: fc.constant(bytesFromText('RIFF1234WEBPVP8 ')),
      }),
      fc.record({
        kind: fc.constant('pages' as const),
        pages: fc.nat(),
        image: fc.constant(bytesFromText('RIFF1234WEBPVP8 ')),
      }),
      fc.record({
        kind: fc.constant('sound' as const),
        milliseconds: fc.nat(),
        levels: fc.uint8Array({ maxLength: 60 }),
      }),
      fc.record({
        kind: fc.constant('track' as const),
        metres: fc.nat(),
        outline: fc.uint8Array({ maxLength: 60 }),
      }),
    ),
    small: fc.record({ bytes: fc.nat(SMALL_BYTES_MAX), hash: anyBytes(32).map(hexFromBytes) }),
  },
  { requiredKeys: ['id', 'name', 'type', 'bytes', 'hash'] },
)
const anyContent: fc.Arbitrary<Content> = fc.oneof(
  fc.record({
    kind: fc.constant('post' as const),
    body: anyText(60),
    root: fc.option(anyPost, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('post' as const),
    body: anyText(60),
    root: fc.option(anyPost, { nil: undefined }),
    overrideReason: anyText(20).map((text) => `x${text}`),
  }),
  fc.record(
    {
      kind: fc.constant('post' as const),
      body: anyText(60),
      root: fc.option(anyPost, { nil: undefined }),
      label: fc.constantFrom({ classification: 'secret' }, { releasableTo: ['press', 'x'] }),
      files: fc.array(fc.oneof(anyFile, anySeenFile), { minLength: 1, maxLength: 10 }),
      props: anyText(200),
      asksAcknowledgement: fc.constant(true),
    },
    { requiredKeys: ['kind', 'body', 'root'] },
  ),
  fc.record({ kind: fc.constant('pin' as const), target: anyPost, isSet: fc.boolean() }),
  fc.record({
    kind: fc.constant('tick' as const),
    target: anyPost,
    item: fc.nat({ max: 65_535 }),
    isSet: fc.boolean(),
  }),
  fc.constantFrom<Content>(
    { kind: 'policy', part: { about: 'positions', channel: undefined, rule: 'strip' } },
    { kind: 'policy', part: { about: 'positions', channel: undefined, rule: undefined } },
    { kind: 'policy', part: { about: 'levels', levels: ['open', 'secret'] } },
    { kind: 'policy', part: { about: 'person', person: amira, attributes: { role: 'guest' } } },
  ),
  fc.record({ kind: fc.constant('edit' as const), target: anyPost, body: anyText(60) }),
  fc.record({ kind: fc.constant('deletion' as const), target: anyPost }),
  fc.record({ kind: fc.constant('acknowledgement' as const), target: anyPost }),
  fc.record({
    kind: fc.constant('reaction' as const),
    target: anyPost,
    emoji: fc.constantFrom('+1', '🚁', 'white_check_mark'),
    isSet: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('node' as const), certificate: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({
    kind: fc.constant('person' as const),
    person: anyPerson,
    profile: fc.record({
      username: fc.constantFrom('amira', 'bo', 'chen.2'),
      displayName: anyText(12),
      isAdministrator: fc.boolean(),
    }),
  }),
  fc.record({
    kind: fc.constant('channel' as const),
    channel: anyChannel,
    channelKind: fc.constantFrom('public' as const, 'private', 'direct', 'group'),
  }),
  fc.record({
    kind: fc.constant('member' as const),
    channel: anyChannel,
    person: anyPerson,
    role: fc.constantFrom('none' as const, 'member', 'administrator'),
  }),
  fc.record({ kind: fc.constant('settings' as const), settings: anySettings() }),
)
const anyDraft: fc.Arbitrary<Draft> = fc.record({
  author: fc.option(fc.constantFrom(amira, bo, aPersonId('chen')), { nil: undefined }),
  claimedAt: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
  content: anyContent,
})
const anyAhead = fc.oneof(fc.constant(0), fc.nat(2_000_000_000), fc.constant(1_790_000_000_000))

test('a list of entries is read as it was written, whatever the clocks and authors', async (t) => {
  holds(
    t,
    fc.property(fc.array(fc.tuple(anyDraft, anyAhead, fc.nat(9)), { maxLength: 8 }), (drafts) => {
      let writing = EMPTY_LIST
      let reading = EMPTY_LIST
      for (const [draft, ahead, step] of drafts) {
        const placeAt = ahead + earliestPlace(draft.claimedAt / 1000, writing)
        const counter = isCounted(draft.content) ? writing.counter + step : 0
        const entry: Entry = { ...draft, placeAt, counter }
        const bytes = encodeEntry(entry, writing)
        const read = decodeEntry(bytes, reading)
        writing = decodeEntry(bytes, writing).context
        reading = read.context

        assert.deepEqual(read.entry, structuredClone(entry))
      }
    }),
    200,
  )
})

test('an author is named once and then by an index', async (t) => {
  const first = decodeEntry(encodeEntry(aPost(amira), EMPTY_LIST), EMPTY_LIST)
  const second = decodeEntry(encodeEntry(aPost(bo), first.context), first.context)
  const again = encodeEntry(aPost(amira), second.context)

  t.strictSame(second.context.people, [amira, bo])
  t.ok(again.length < encodeEntry(aPost(amira), EMPTY_LIST).length - 15)
  t.equal(decodeEntry(again, second.context).entry.author, amira)
})

test('an author named in full again keeps the index, and an index nobody has is nobody', async (t) => {
  const context = { ...EMPTY_LIST, people: [amira, bo] }

  const named = decodeEntry(encode([0, bytesFromId(bo), 5, 'hello']), context)
  t.equal(named.entry.author, bo)
  t.strictSame(named.context.people, [amira, bo])
  for (const wrong of [2, -1, 0.5, '0', [0], new Uint8Array(15)]) {
    t.equal(decodeEntry(encode([0, wrong, 5, 'hello']), context).entry.author, undefined)
  }
})

test('a clock that was set back makes a negative step, and the next entry goes on from there', async (t) => {
  const times = [NOON, 3_000, NOON + 1_000]
  let context = EMPTY_LIST

  for (const claimedAt of times) {
    const read = decodeEntry(encodeEntry({ ...aPost(amira), claimedAt }, context), context)
    context = read.context
    t.equal(read.entry.claimedAt, claimedAt)
  }
})

test('a post and an acknowledgement have no counter, a kind of a later version has one', async (t) => {
  const context = { ...EMPTY_LIST, counter: 40 }
  const id = bytesFromId(target)
  const counterOf = (...fields: readonly unknown[]): readonly number[] => {
    const read = decodeEntry(encode(fields), context)
    return [read.entry.counter, read.context.counter]
  }

  t.strictSame(counterOf(0, null, 0, 'hello'), [0, 40])
  t.strictSame(counterOf(4, null, 0, id), [0, 40])
  t.strictSame(counterOf(99, null, 0, 3, 'new'), [43, 43])
})

test('a claimed time outside what an order key can hold ends at its bounds', async (t) => {
  t.equal(claimed(Number.MAX_SAFE_INTEGER), 900_000_000_000_000)
  t.equal(claimed(Number.MIN_SAFE_INTEGER), 0)
  t.equal(claimed(Number.NaN), 0)
  t.equal(claimed(1.5), 0)
})

test('an entry of an unknown kind keeps its author and time, so that those after it are read', async (t) => {
  const { entry, context } = decodeEntry(encode([99, bytesFromId(amira), 50, 1, 'new']), EMPTY_LIST)

  const content = { kind: 'unknown' }
  t.strictSame(entry, { author: amira, claimedAt: 50_000, placeAt: 50_000, counter: 1, content })
  t.strictSame(context, { people: [amira], seconds: 50, placeAt: 50_000, counter: 1 })
})

test('fields of another shape than the kind wants make an unknown entry', async (t) => {
  const id = bytesFromId(target)
  const strange: readonly (readonly unknown[])[] = [
    [],
    [0, null, 0],
    [0, null, 0, 7],
    [0, null, 0, 'x'.repeat(MESSAGE_CHARACTERS_MAX + 1)],
    [1, null, 0, 1, 'no target', 'body'],
    [1, null, 0, 1, id, 5],
    [2, null, 0, 1, id.subarray(1)],
    [3, null, 0, 1, id, ''],
    [3, null, 0, 1, id, 'x'.repeat(65), 1],
    [4, null, 0],
    [16, null, 0, 1, 'certificate'],
    [17, null, 0, 1, id, '', 'Amira', 0],
    [17, null, 0, 1, id, 'x'.repeat(65), 'Amira', 0],
    [17, null, 0, 1, id, 'amira', null, 0],
    [18, null, 0, 1, id, 4],
    [18, null, 0, 1, id, null],
    [18, null, 0, 1, id, [1]],
    [19, null, 0, 1, id, id, 3],
    [19, null, 0, 1, id, 'amira', 1],
    ['0', null, 0, 'hello'],
    [-1, null, 0, 'hello'],
  ]
  for (const fields of strange) {
    const { entry } = decodeEntry(encode(fields), EMPTY_LIST)
    t.strictSame(entry.content, { kind: 'unknown' }, JSON.stringify(fields).slice(0, 60))
  }
})

test('settings of the wrong type or length are left out one by one', async (t) => {
  const settings = { name: 5, displayName: 'x'.repeat(1_025), purpose: 'why', isArchived: 'yes' }

  for (const [given, kept] of [
    [settings, { purpose: 'why' }],
    ['text', {}],
    [null, {}],
    [
      { isArchived: false, header: '', more: 1 },
      { isArchived: false, header: '' },
    ],
  ] as const) {
    const { entry } = decodeEntry(encode([20, null, 0, 1, given]), EMPTY_LIST)
    t.strictSame(entry.content, { kind: 'settings', settings: kept })
  }
})

test('fields after those that are known are passed over', async (t) => {
  const { entry } = decodeEntry(
    encode([0, null, 0, 'hello', bytesFromId(target), null, null, 'new']),
    EMPTY_LIST,
  )

  t.strictSame(entry.content, { kind: 'post', body: 'hello', root: target })
})

test('whatever bytes come, nothing is thrown', async (t) => {
  const whole = encodeEntry(aPost(amira), EMPTY_LIST)
  const cut = fc.nat(whole.length).map((length) => whole.subarray(0, length))

  holds(
    t,
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), cut), (bytes) => {
      const { entry, context } = decodeEntry(bytes, EMPTY_LIST)

      const numbers = [entry.claimedAt, entry.placeAt, entry.counter]
      assert.ok(numbers.every(Number.isSafeInteger) && context.people.length <= 1)
    }),
    1_000,
  )
})

test('an entry that claims long lists inside each other takes no room for them', async (t) => {
  const claim = Uint8Array.of(0xdd, 0x00, 0x40, 0x00, 0x00)
  const nested = Uint8Array.from({ length: 5_000 }, (_, index) => claim[index % 5] ?? 0)
  const before = process.memoryUsage().rss

  const { entry } = decodeEntry(nested, EMPTY_LIST)

  t.strictSame(entry.content, { kind: 'unknown' })
  t.ok(process.memoryUsage().rss - before < 50_000_000)
})

test('an unknown entry of our own is written as nothing anybody reads', async (t) => {
  const bytes = encodeEntry({ ...aPost(amira), content: { kind: 'unknown' } }, EMPTY_LIST)

  t.strictSame(decodeEntry(bytes, EMPTY_LIST).entry.content, { kind: 'unknown' })
})

function aPost(author: UserId): Entry {
  const content = { kind: 'post' as const, body: 'hello', root: undefined }
  return { author, claimedAt: NOON, placeAt: NOON, counter: 0, content }
}

function anySettings(): fc.Arbitrary<Settings> {
  const text = anyText(20)
  return fc.record(
    { name: text, displayName: text, purpose: text, header: text, isArchived: fc.boolean() },
    { requiredKeys: [] },
  )
}

/** When an entry of this many seconds after 1970 says it was written. */
function claimed(seconds: number): number {
  return decodeEntry(encode([0, null, seconds, 'hello']), EMPTY_LIST).entry.claimedAt
}

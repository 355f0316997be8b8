import fc from 'fast-check'
import { test } from 'tap'
import { idFromBytes, type ChannelId, type DocumentId } from '#base/ids.ts'
import {
  channelDocument,
  channelOfDocument,
  DIRECTORY,
  laneOfDocument,
  parseDocumentId,
  segmentDocument,
} from '#model/document-id.ts'
import { LANES } from '#model/precedence.ts'
import { anyBytes, holds } from '../support/property.ts'

const ops = idFromBytes<ChannelId>(new Uint8Array(16).fill(9))

test('what a segment is made of is read from its id', async (t) => {
  const channels = anyBytes(16).map((bytes) => idFromBytes<ChannelId>(bytes))
  const numbers = fc.nat(1_000_000)

  holds(
    t,
    fc.property(channels, fc.constantFrom(...LANES), numbers, (channel, lane, number) => {
      const id = segmentDocument(channel, lane, number)
      const name = parseDocumentId(id)

      return (
        name?.kind === 'segment' &&
        name.channel === channel &&
        name.lane === lane &&
        name.number === number &&
        laneOfDocument(id) === lane &&
        channelOfDocument(id) === channel
      )
    }),
  )
})

test('the directory and the settings of a channel are immediate', async (t) => {
  t.strictSame(parseDocumentId(DIRECTORY), { kind: 'directory' })
  t.strictSame(parseDocumentId(channelDocument(ops)), { kind: 'channel', channel: ops })
  t.equal(laneOfDocument(DIRECTORY), 'immediate')
  t.equal(laneOfDocument(channelDocument(ops)), 'immediate')
  t.equal(channelOfDocument(DIRECTORY), undefined)
  t.equal(channelOfDocument(channelDocument(ops)), ops)
})

test('a document has one name: whatever is written otherwise names none', async (t) => {
  const wrongs = [
    '',
    'x',
    'd.',
    'c',
    'c.short',
    `c.${ops.slice(0, 25)}b`, // the last two bits of an id stand for nothing: they are 0
    `c.${ops}.0`,
    `s.${ops}`,
    `s.${ops}.0`,
    `s.${ops}.4.0`,
    `s.${ops}..0`,
    `s.${ops}.00.0`,
    `s.${ops}.1e0.0`,
    `s.${ops}. 1.0`,
    `s.${ops}.0.00`,
    `s.${ops}.0.-1`,
    `s.${ops}.0.1.5`,
    `s.${ops}.0.`,
    `s.${ops}.0.1000001`,
    `s.${ops.toUpperCase()}.0.0`,
    `x.${ops}.0.0`,
  ]

  for (const wrong of wrongs) t.equal(parseDocumentId(wrong), undefined, wrong)
  t.equal(channelOfDocument('x' as DocumentId), undefined)
})

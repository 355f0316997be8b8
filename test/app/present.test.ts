import { test } from 'tap'
import { channelFrom, messageFrom, personFrom } from '#app/present.ts'
import type { ActorId, ChannelId, DocumentId, NodeId, PostId, UserId } from '#base/ids.ts'
import { EMPTY_CHANNEL, type MessageRecord } from '#model/view.ts'

const amira = 'amira' as UserId
const bo = 'bo' as UserId
const ops = 'ops' as ChannelId

const known = { id: ops, kind: 'public', creator: undefined, createdAt: 5 } as const

const record: MessageRecord = {
  id: 'post1' as PostId,
  channel: ops,
  author: amira,
  root: undefined,
  body: 'hello',
  lane: 'flash',
  order: '000.post1',
  createdAt: 10,
  claimedAt: 9,
  timeDoubt: 'ahead of the clock here',
  updatedAt: 11,
  editedAt: 12,
  editOrder: '000.x',
  deletedAt: 0,
  replyCount: 3,
  lastReplyAt: 13,
  reactions: [],
  origin: 'alpha' as NodeId,
  pendingId: 'p1',
  document: 's/ops' as DocumentId,
  actor: 'aa' as ActorId,
  seq: 1,
}

test('a message shows the reactions that are set, and nothing of where it is kept', async (t) => {
  const taken = { person: amira, emoji: 'eyes', isSet: false, order: '1', at: 1 }
  const set = { person: bo, emoji: 'ok', isSet: true, order: '2', at: 2 }

  const message = messageFrom({ ...record, reactions: [taken, set] })

  t.strictSame(message, {
    id: 'post1',
    channel: ops,
    author: amira,
    root: undefined,
    body: 'hello',
    lane: 'flash',
    createdAt: 10,
    claimedAt: 9,
    isTimeUncertain: true,
    timeDoubt: 'ahead of the clock here',
    updatedAt: 11,
    editedAt: 12,
    deletedAt: 0,
    replyCount: 3,
    lastReplyAt: 13,
    reactions: [{ person: bo, emoji: 'ok', at: 2 }],
    origin: 'alpha',
    pendingId: 'p1',
    files: [],
    props: undefined,
    asksAcknowledgement: false,
    acknowledgements: [],
    isPinned: false,
  })
})

test('a channel whose settings have not arrived goes by its id', async (t) => {
  const channel = channelFrom(known, EMPTY_CHANNEL)

  t.match(channel, { id: ops, name: 'ops', displayName: '', purpose: '', header: '' })
  t.match(channel, { creator: undefined, updatedAt: 5, archivedAt: 0, messageCount: 0 })
})

test('a channel shows its settings, and when it last changed', async (t) => {
  const settings = { name: 'medics', displayName: 'Medics', purpose: 'a', header: 'b' }
  const counts = { messageCount: 4, rootCount: 3, lastPostAt: 8, updatedAt: 9 }

  const channel = channelFrom(known, { ...EMPTY_CHANNEL, ...counts, settings })

  t.match(channel, { ...settings, createdAt: 5, archivedAt: 0 })
  t.match(channel, counts)
})

test('a channel is archived only while its settings say so', async (t) => {
  const archived = { ...EMPTY_CHANNEL, updatedAt: 9, settings: { isArchived: true } }
  const opened = { ...archived, settings: { isArchived: false } }

  t.equal(channelFrom(known, archived).archivedAt, 9)
  t.equal(channelFrom(known, opened).archivedAt, 0)
})

test('a person goes by the name that is theirs alone, not by the one they wished for', async (t) => {
  const profile = { username: 'bo', displayName: 'Bo', isAdministrator: true }
  const home = 'alpha' as NodeId
  const rights = { administers: 'home', hasAdministered: false, hasAdministeredHome: true } as const
  const standing = { isVouchedFor: false, deactivatedAt: 7, bot: undefined }

  t.strictSame(
    personFrom(
      { id: bo, profile, ...rights, ...standing, createdAt: 1, updatedAt: 2 },
      {
        username: 'bo-x1y2',
        home,
        isAdministrator: true,
        isGuest: false,
        partnerOf: [],
        pictureAt: 0,
      },
    ),
    {
      id: bo,
      username: 'bo-x1y2',
      displayName: 'Bo',
      isAdministrator: true,
      isGuest: false,
      partnerOf: [],
      homeNode: home,
      ...standing,
      pictureAt: 0,
      createdAt: 1,
      updatedAt: 2,
    },
  )
})

import { test } from 'tap'
import {
  assertAddress,
  everyPiece,
  everySubject,
  fileToken,
  isOwnSubject,
  laneOfSubject,
  laneSubjects,
  piecesOf,
  standOf,
  subjectOf,
} from '#carriers/nats-subject.ts'

const address = { workspace: 'a', nodeNumber: 43, epoch: 'k3X-q' }

test('a subject names workspace, lane, node, life and number, in few characters', async (t) => {
  t.equal(subjectOf(address, 'flash', 0), 'a.0.17.k3X-q0')
  t.equal(subjectOf(address, 'routine', 1_295), 'a.3.17.k3X-qzz')
})

test('a node knows its own subjects of this life, and takes a former one for a stranger', async (t) => {
  t.equal(isOwnSubject(address, 'a.2.17.k3X-q4'), true)
  t.equal(isOwnSubject(address, 'a.2.17.zzzzz4'), false)
  t.equal(isOwnSubject(address, 'a.2.1.k3X-q4'), false)
  t.equal(isOwnSubject(address, 'a'), false)
})

test('a subject tells its lane, and one that is none tells nothing', async (t) => {
  t.equal(laneOfSubject(subjectOf(address, 'priority', 7)), 'priority')
  for (const strange of ['a', 'a.9.17.k3X-q4', 'a.x.17.k3X-q4', ''])
    t.equal(laneOfSubject(strange), undefined)
})

test('a piece of a file stands in a stream of its own, where no filter of the other finds it', async (t) => {
  const file = 'ffffffff000000b2'
  const parcel = { lane: 'routine', number: 36 } as const
  t.strictSame(standOf(address, parcel), { stream: 'a', subject: 'a.3.17.k3X-q10' })
  const piece = { stream: 'a-f', subject: 'a-f._____w.17.k3X-q310' }
  t.strictSame(standOf(address, { ...parcel, file }), piece)
  t.not(standOf(address, { ...parcel, file, lane: 'flash' }).subject, piece.subject)
  t.equal(isOwnSubject(address, piece.subject), true)
  t.equal(piecesOf('a', fileToken(file)), 'a-f._____w.*.*')
  t.equal(everyPiece('a'), 'a-f.*.*.*')
  for (const wrong of ['', 'ffffffff', 'FFFFFFFF000000B2', 'a.*.>'])
    t.throws(() => fileToken(wrong), wrong)
})

test('filters take in all lanes, or one', async (t) => {
  t.equal(everySubject('ops'), 'ops.*.*.*')
  t.equal(laneSubjects('ops', 'immediate'), 'ops.1.*.*')
})

test('an address that would break a subject stops the node', async (t) => {
  for (const wrong of [
    { workspace: 'four' },
    { workspace: 'a.b' },
    { nodeNumber: -1 },
    { nodeNumber: 1.5 },
    { epoch: 'abc' },
    { epoch: 'k3+9q' },
    { epoch: 'ab.*>' },
  ])
    t.throws(() => assertAddress({ ...address, ...wrong }), JSON.stringify(wrong))
})

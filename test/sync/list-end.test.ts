/** Where a list that forked ends follows from what was heard of it, in whatever order, and from who the hubs are. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { actorOf, type ActorId, type Trail } from '#base/ids.ts'
import { ANCHORS_OF_HUB_MAX } from '#base/limits.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Anchor } from '#model/fork-content.ts'
import { endFrom, forkOf, noteAnchor, noteProof, reachOf, topOf } from '#sync/list-end.ts'
import type { AnchorRecord, ForkRecord } from '#sync/records.ts'
import { openReplica } from '#sync/replica.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity, lifeOf, rosterOf } from '../support/nodes.ts'
import { routine } from '../support/sync.ts'

const alpha = anIdentity('alpha', 1, 'hub')
const bravo = anIdentity('bravo', 2, 'hub')
const charlie = anIdentity('charlie', 3)
const delta = anIdentity('delta', 4)
const people = [alpha, bravo, charlie, delta]
const list = listOf(charlie)

test('without a proof no list ends, and without an anchor it ends before the fork', async (t) => {
  const said = [anchor({ by: alpha, seq: 9 })]

  t.equal(end({ forkAt: undefined, anchors: said }), undefined)
  t.strictSame(end({ forkAt: 4, anchors: [] }), { floor: 3, points: [] })
})

test('the branch is that of the hub with the lower number, and ends where any hub held it', async (t) => {
  const said = [
    anchor({ by: bravo, seq: 30 }),
    anchor({ by: alpha, seq: 9 }),
    anchor({ by: bravo, seq: 50, branch: 'b' }),
  ]

  t.strictSame(numbers(end({ forkAt: 4, anchors: said })), [30, 9])
  t.strictSame(numbers(end({ forkAt: 4, anchors: said.toReversed() })), [30, 9])
  t.strictSame(
    numbers(end({ forkAt: 4, anchors: said.filter(({ by }) => by === listOf(bravo)) })),
    [50],
  )
})

test('kits, the node itself and strangers vouch for nothing, and neither does what ends before the fork', async (t) => {
  for (const by of [delta, charlie, anIdentity('zulu', 9, 'hub')])
    t.strictSame(numbers(end({ forkAt: 4, anchors: [anchor({ by, seq: 9 })] })), [])
  t.strictSame(numbers(end({ forkAt: 4, anchors: [anchor({ by: alpha, seq: 3, forkAt: 2 })] })), [])

  const ofAlpha = [anchor({ by: alpha, seq: 9 }), anchor({ by: bravo, seq: 7 })]
  const roster = rosterOf(people)
  const record = { forkAt: 4, proofs: [], anchors: ofAlpha }
  t.strictSame(numbers(endFrom(roster, listOf(alpha), record)), [7], 'a hub on its own list')
})

test('a revoked hub counts behind all others, and not at all for what it said since', async (t) => {
  const said = [
    anchor({ by: alpha, seq: 9, placeAt: 1_000 }),
    anchor({ by: bravo, seq: 7, branch: 'b', placeAt: 1_000 }),
  ]
  const [ofAlpha] = said
  const roster = rosterOf(people)
  roster.revoke(alpha.certificate.node, 2_000)

  t.strictSame(numbers(endFrom(roster, list, { forkAt: 4, proofs: [], anchors: said })), [7])
  const alone = { forkAt: 4, proofs: [], anchors: [must(ofAlpha, 'alpha spoke')] }
  t.strictSame(numbers(endFrom(roster, list, alone)), [9])
  roster.revoke(alpha.certificate.node, 1_000)
  t.strictSame(numbers(endFrom(roster, list, alone)), [])
})

test('a list reaches as far as the last point that it goes through', async (t) => {
  const said = [anchor({ by: alpha, seq: 9 }), anchor({ by: bravo, seq: 7 })]
  const found = must(end({ forkAt: 4, anchors: said }), 'it forked')

  t.equal(topOf(found), 9)
  t.equal(
    reachOf(found, (seq) => (seq <= 8 ? trailAt(seq) : undefined)),
    7,
  )
  t.equal(reachOf(found, trailAt), 9)
  t.equal(
    reachOf(found, () => undefined),
    3,
  )
})

test('what is noted is the same whatever came first, and of a hub that says much only the earliest', async (t) => {
  const words = Array.from({ length: ANCHORS_OF_HUB_MAX + 4 }, (_, index) =>
    anchor({ by: alpha, seq: 100 - index, placeAt: 1_000 + index }),
  )
  const twice = { ...must(words[3], 'there are some'), by: listOf(alpha, 'later'), placeAt: 9_000 }
  const mixed = [...words, twice]

  const [forwards, backwards] = [await noted(mixed), await noted(mixed.toReversed())]

  t.strictSame(forwards.forkAt, 4)
  t.strictSame(forwards.anchors, backwards.anchors)
  t.strictSame(forwards.anchors, words.slice(0, ANCHORS_OF_HUB_MAX))
})

async function noted(anchors: readonly AnchorRecord[]): Promise<ForkRecord> {
  const store = openMemoryStore()
  await using replica = openReplica({ store, actor: listOf(delta), log: collectingLog() })
  await replica.commit(async (tx) => {
    for (const { by, place, placeAt, ...said } of anchors) {
      const word: Anchor = { kind: 'anchor', document: routine, actor: list, ...said }
      await noteAnchor(tx, word, { actor: by, seq: place, placeAt })
    }
    for (const seq of [6, 4, 5])
      await noteProof(
        tx,
        { document: routine, actor: list, seq },
        { actor: listOf(delta), seq, placeAt: 0 },
      )
  })
  return forkOf(store, { document: routine, actor: list })
}

function end(record: Omit<ForkRecord, 'proofs'>) {
  return endFrom(rosterOf(people), list, { ...record, proofs: [] })
}

function numbers(found: ReturnType<typeof endFrom>): readonly number[] {
  return must(found, 'it forked').points.map(({ seq }) => seq)
}

function anchor(facts: {
  readonly by: typeof alpha
  readonly seq: number
  readonly branch?: string
  readonly forkAt?: number
  readonly placeAt?: number
}): AnchorRecord {
  const { by, seq, branch = 'a', forkAt = 4, placeAt = 0 } = facts
  return {
    by: listOf(by),
    place: 1,
    placeAt,
    forkAt,
    branch: branch as Trail,
    seq,
    trail: trailAt(seq),
    signature: new Uint8Array(64),
  }
}

function trailAt(seq: number): Trail {
  return `trail ${seq}` as Trail
}

function listOf({ certificate }: typeof alpha, life = 'first'): ActorId {
  return actorOf(certificate.node, lifeOf(life))
}

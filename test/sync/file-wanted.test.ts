/**
 * What nodes want of each other for others: over any shape of fleet everybody who can be reached hears of it, it comes to rest, and nothing of
 * it is left once nobody wants the file any more. Nodes look at what they were told and say what follows, in any order.
 */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { NodeId } from '#base/ids.ts'
import { decodeWishes, encodeWishes, type Wish } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { FetchRecord, FileRecord, WishRecord } from '#sync/file-records.ts'
import { isSaid, wantedAt, type Asking } from '#sync/file-wanted.ts'
import type { Wisher } from '#sync/file-wishes.ts'
import { anIdentity, rosterOf } from '../support/nodes.ts'
import { holds } from '../support/property.ts'

const NODES_MAX = 6
const POST: PeerId = 'post:office'
const NAME = '0123456789abcdef'
const BYTES = 1_000
/** Longer than it is anybody's turn at a post office. */
const LATE_MS = 10_000_000

const identities = Array.from({ length: NODES_MAX }, (_, index) =>
  anIdentity(`node ${index}`, index + 1, index === 0 ? 'hub' : 'kit'),
)
const roster = rosterOf(identities)

/** Who is joined to whom, who reads at the post office, and who wants the file. */
interface Shape {
  readonly cables: readonly (readonly [number, number])[]
  readonly post: readonly number[]
  readonly origins: readonly number[]
}

const anyNode = fc.nat(NODES_MAX - 1)
const anyShape: fc.Arbitrary<Shape> = fc.record({
  cables: fc.uniqueArray(
    fc.tuple(anyNode, anyNode).filter(([a, b]) => a < b),
    { selector: String, maxLength: 9 },
  ),
  post: fc.uniqueArray(anyNode, { maxLength: 4 }),
  origins: fc.uniqueArray(anyNode, { minLength: 1, maxLength: 3 }),
})

/** A fleet in which everybody who is asked has nothing to give. */
class Fleet {
  readonly heard = identities.map(() => new Map<string, Wisher>())
  readonly said = identities.map(() => new Map<PeerId, Wish>())
  origins: readonly number[]
  readonly shape: Shape

  constructor(shape: Shape) {
    this.shape = shape
    this.origins = shape.origins
  }

  peersOf(node: number): readonly PeerId[] {
    const cables = this.shape.cables.filter((ends) => ends.includes(node))
    const others = cables.map(([a, b]) => idAt(a === node ? b : a))
    return this.shape.post.includes(node) ? [...others, POST] : others
  }

  /** Who hears what a node says to a peer. */
  hearersOf(node: number, peer: PeerId): readonly number[] {
    return peer === POST
      ? this.shape.post.filter((other) => other !== node)
      : identities.flatMap((_, other) => (idAt(other) === peer ? [other] : []))
  }

  /** What a node has to say to a peer by now, if that is something new. */
  news(node: number, peer: PeerId): Wish | undefined {
    const isOwn = this.origins.includes(node)
    const wishers = [...must(this.heard[node], 'it is there').values()]
    const before = this.said[node]?.get(peer)
    const ground = {
      identity: must(identities[node], 'it is there'),
      roster,
      time: { nowMs: () => LATE_MS },
      files: { rooms: new Map() },
    }
    const fetch = { ...FETCH, file: isOwn ? FILE : undefined, isAsked: isOwn }
    const there = { peer, isFat: false, isStanding: before !== undefined }
    const { wish } = wantedAt(ground, { name: NAME, fetch, wishers, ...there })
    if (before === undefined ? wish.spans.length === 0 : isSaid(wish, before)) return undefined
    return wish
  }

  say(node: number, peer: PeerId, wish: Wish): void {
    const isNothing = wish.spans.length === 0
    if (isNothing) this.said[node]?.delete(peer)
    else this.said[node]?.set(peer, wish)
    for (const other of this.hearersOf(node, peer)) {
      const from = peer === POST ? POST : idAt(node)
      const place = `${from} ${node}`
      if (isNothing) this.heard[other]?.delete(place)
      else
        this.heard[other]?.set(place, {
          peer: from,
          name: NAME,
          node: idAt(node),
          wish: heard(wish),
        })
    }
  }

  /** Lets everybody speak, in an order that `draws` gives, until nobody has anything new to say; how often somebody did. */
  rest(draws: readonly number[]): number {
    for (let count = 0; count < 2_000; count += 1) {
      const due = identities.flatMap((_, node) =>
        this.peersOf(node).flatMap((peer) => {
          const wish = this.news(node, peer)
          return wish === undefined ? [] : [{ node, peer, wish }]
        }),
      )
      const next = due[(draws[count % draws.length] ?? 0) % Math.max(1, due.length)]
      if (next === undefined) return count
      this.say(next.node, next.peer, next.wish)
    }
    return Infinity
  }

  /** Who gets the file when that node has it: whoever gets it gives it to all who told it that they want it. */
  whoGets(holder: number): ReadonlySet<number> {
    const gets = new Set([holder])
    for (const one of gets)
      for (const { node } of must(this.heard[one], 'it is there').values())
        gets.add(identities.findIndex((_, index) => idAt(index) === node))
    return gets
  }

  /** Who can be reached from a node. */
  reach(from: number): ReadonlySet<number> {
    const reached = new Set([from])
    for (const one of reached)
      for (const peer of this.peersOf(one))
        for (const other of this.hearersOf(one, peer)) reached.add(other)
    return reached
  }
}

const FETCH: FetchRecord = {
  bytes: BYTES,
  file: undefined,
  isAsked: false,
  have: [],
  since: 0,
  begunMs: 0,
  movedMs: 0,
  givers: [],
  liars: [],
}
const FILE = { bytes: BYTES, owner: '' } as unknown as FileRecord

function idAt(index: number): NodeId {
  return must(identities[index], 'it is there').certificate.node
}

function heard(wish: Wish): WishRecord {
  const actor = '' as WishRecord['actor']
  return { ...wish, actor, number: 1, heardMs: 0, movedMs: 0 }
}

test('whoever has the file, it comes to all who want it and can be reached', async (t) => {
  holds(
    t,
    fc.property(anyShape, fc.array(fc.nat(), { minLength: 40 }), (shape, draws) => {
      const fleet = new Fleet(shape)
      assert.ok(fleet.rest(draws) < 600, 'it comes to rest')
      for (const [holder] of identities.entries()) {
        const gets = fleet.whoGets(holder)
        for (const origin of shape.origins)
          assert.equal(gets.has(origin), fleet.reach(holder).has(origin), `${origin} of ${holder}`)
      }
    }),
    200,
  )
})

test('once nobody wants it any more nobody is asked for it, whatever circles there are', async (t) => {
  holds(
    t,
    fc.property(anyShape, fc.array(fc.nat(), { minLength: 40 }), (shape, draws) => {
      const fleet = new Fleet(shape)
      fleet.rest(draws)
      for (let left = shape.origins.length - 1; left >= 0; left -= 1) {
        fleet.origins = shape.origins.slice(0, left)
        assert.ok(fleet.rest(draws) < 600, 'it comes to rest')
        if (left > 0) assert.ok(fleet.whoGets(0).size > 0)
      }
      const left = fleet.heard.reduce((sum, { size }) => sum + size, 0)
      assert.equal(left, 0, `${left} wishes of nobody`)
    }),
    200,
  )
})

test('what one node says of a file that nobody here can check does not make what we pass on unreadable', async (t) => {
  const ground = {
    identity: must(identities[1], 'it is there'),
    roster,
    time: { nowMs: () => LATE_MS },
    files: { rooms: new Map() },
  }
  const wish = { isAsked: true, hops: 0, through: [], pieceBytes: 0 }
  const honest = { ...wish, name: NAME, bytes: BYTES, spans: [[0, BYTES]] } satisfies Wish
  const large = { ...honest, bytes: 2 * BYTES, spans: [[0, 2 * BYTES]] } satisfies Wish
  const passedOn = (fetch: FetchRecord, wishes: readonly Wish[]): Wish => {
    const wishers = wishes.map((one, at) => {
      const from = idAt(2 + at)
      return { peer: from, name: NAME, node: from, wish: heard(one) }
    })
    const there: Omit<Asking, 'fetch' | 'wishers'> = {
      name: NAME,
      peer: idAt(0),
      isFat: false,
      isStanding: false,
    }
    return wantedAt(ground, { ...there, fetch, wishers }).wish
  }

  const small = passedOn({ ...FETCH, bytes: 10 }, [honest])
  t.match(small, { bytes: BYTES, spans: [[0, BYTES]] }, 'the first said less than there is')
  const known = passedOn({ ...FETCH, file: FILE }, [large])
  t.match(known, { bytes: BYTES, spans: [[0, BYTES]] }, 'we know how large it is')
  for (const one of [small, known])
    t.ok(decodeWishes(encodeWishes({ number: 1, wishes: [one] })), 'the next one can read it')
})

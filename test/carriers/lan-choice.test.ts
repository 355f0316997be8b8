import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { openChoice, type Choice } from '#carriers/lan-choice.ts'
import type { LanSession } from '#carriers/lan-session.ts'
import { aSession, type TestSession } from '../support/lan-session.ts'
import { holds } from '../support/property.ts'

const small = 'aaaa' as NodeId
const large = 'bbbb' as NodeId

test('the first session is the contact', async (t) => {
  const side = aSide(small, large)
  const session = aSession('responder')

  side.choice.adopt(session)

  t.equal(side.choice.current(), session)
  t.strictSame(side.events, ['begin'])
})

test('the session that the smaller node initiated wins on both sides, without an end of the contact', async (t) => {
  const atSmall = aSide(small, large)
  const atLarge = aSide(large, small)
  const losing = { small: aSession('responder'), large: aSession('initiator') }
  const winning = { small: aSession('initiator'), large: aSession('responder') }

  atSmall.choice.adopt(losing.small)
  atLarge.choice.adopt(losing.large)
  atSmall.choice.adopt(winning.small)
  atLarge.choice.adopt(winning.large)

  t.equal(atSmall.choice.current(), winning.small)
  t.equal(atLarge.choice.current(), winning.large)
  t.strictSame(
    [atSmall.events, atLarge.events],
    [
      ['begin', 'move'],
      ['begin', 'move'],
    ],
  )
  t.equal(losing.large.endReason(), 'superseded')
  t.equal(losing.small.endReason(), undefined, 'the responder of the winner closes the loser')
})

test('a session that loses is kept until the winner has shown that it is alive', async (t) => {
  const side = aSide(small, large)
  const stale = aSession('initiator', side.choice.lose)
  const fresh = aSession('responder', side.choice.lose)
  side.choice.adopt(stale)

  side.choice.adopt(fresh)
  t.equal(side.choice.current(), stale)
  t.equal(stale.probes(), 1)
  stale.end('silent')

  t.equal(side.choice.current(), fresh)
  t.strictSame(side.events, ['begin', 'end', 'begin'])
})

test('a peer that dials anew has lost its contact, and ours ends too', async (t) => {
  const side = aSide(large, small)
  const before = aSession('responder', side.choice.lose)
  const after = aSession('responder', side.choice.lose)

  side.choice.adopt(before)
  side.choice.adopt(after)

  t.equal(side.choice.current(), after)
  t.equal(before.endReason(), 'superseded')
  t.strictSame(side.events, ['begin', 'end', 'begin'])
})

test('a second session of our own is not wanted, and the first is looked after', async (t) => {
  const side = aSide(small, large)
  const session = aSession('initiator')

  t.equal(side.choice.isWanted(), true)
  side.choice.adopt(session)

  t.equal(side.choice.isWanted(), false)
  t.equal(session.probes(), 1)
})

test('a peer holds no more than one session in reserve', async (t) => {
  const side = aSide(small, large)
  side.choice.adopt(aSession('initiator'))
  const reserves = [1, 2, 3].map(() => aSession('responder', side.choice.lose))

  for (const session of reserves) side.choice.adopt(session)

  t.strictSame(
    reserves.map((session) => session.endReason()),
    ['superseded', 'superseded', undefined],
  )
})

test('however two nodes that dial each other cross, one session stays and no contact flaps', async (t) => {
  holds(
    t,
    fc.property(fc.array(fc.nat(), { maxLength: 30 }), (order) => {
      const world = aWorld()
      world.dial('small')
      world.dial('large')
      world.run(order)

      const { atSmall, atLarge } = world
      const flaps = [...atSmall.events, ...atLarge.events].filter((event) => event === 'end')
      assert.deepEqual(flaps, [])
      assert.equal(world.connections.filter(({ isOpen }) => isOpen()).length, 1)
      assert.ok(world.agree() && atSmall.choice.current() !== undefined)
    }),
    500,
  )
})

test('whatever is dialled and cut, both nodes end with the same session or with none', async (t) => {
  const step = fc.record({
    deed: fc.constantFrom('dial small', 'dial large', 'cut', 'wait'),
    chance: fc.nat(),
  })

  holds(
    t,
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = aWorld()
      for (const { deed, chance } of steps) {
        if (deed === 'dial small' && world.atSmall.choice.current() === undefined)
          world.dial('small')
        if (deed === 'dial large' && world.atLarge.choice.current() === undefined)
          world.dial('large')
        if (deed === 'cut') world.cut(chance)
        if (deed === 'wait') world.step(chance)
      }
      world.run([])

      assert.ok(world.agree())
    }),
    500,
  )
})

interface Side {
  readonly choice: Choice
  readonly events: readonly string[]
}

function aSide(self: NodeId, peer: NodeId): Side {
  const events: string[] = []
  const choice = openChoice(
    { self, peer },
    {
      onBegin: () => void events.push('begin'),
      onEnd: () => void events.push('end'),
      onMove: () => void events.push('move'),
    },
  )
  return { choice, events }
}

interface Connection {
  readonly initiator: TestSession
  readonly responder: TestSession
  readonly isOpen: () => boolean
  /** What is still to happen, in this order. */
  readonly coming: (() => void)[]
}

/** Both nodes, and connections whose news take their time: each in its own order, all of them in any. */
function aWorld() {
  const atSmall = aSide(small, large)
  const atLarge = aSide(large, small)
  const connections: Connection[] = []

  const dial = (who: 'small' | 'large'): void => {
    const [near, far] = who === 'small' ? [atSmall, atLarge] : [atLarge, atSmall]
    const adopted = new Set<LanSession>()
    const lose = (side: Side, session: LanSession): void => {
      if (adopted.delete(session)) side.choice.lose(session)
    }
    const initiator = aSession('initiator', (session) => {
      lose(near, session)
      coming.push(() => responder.end('closed-by-peer'))
    })
    const responder = aSession('responder', (session) => {
      lose(far, session)
      coming.push(() => initiator.end('closed-by-peer'))
    })
    const adopt = (side: Side, session: TestSession): void => {
      if (session.endReason() !== undefined) return
      adopted.add(session)
      side.choice.adopt(session)
    }
    const coming = [
      () => {
        if (initiator.endReason() !== undefined) return
        if (!near.choice.isWanted()) return initiator.end('already-connected')
        coming.push(() => adopt(far, responder))
        adopt(near, initiator)
      },
    ]
    const isOpen = (): boolean => adopted.has(initiator) && adopted.has(responder)
    connections.push({ initiator, responder, isOpen, coming })
  }
  const step = (chance: number): boolean => {
    const busy = connections.filter(({ coming }) => coming.length > 0)
    busy[chance % Math.max(1, busy.length)]?.coming.shift()?.()
    return busy.length > 0
  }
  return {
    atSmall,
    atLarge,
    connections,
    dial,
    step,
    /** The network loses a connection; both sides hear of it, each in its own time. */
    cut: (chance: number): void => {
      const connection = connections[chance % Math.max(1, connections.length)]
      connection?.initiator.end('closed-by-peer')
    },
    run: (order: readonly number[]): void => {
      for (const chance of order) step(chance)
      while (step(0)) continue
    },
    agree: (): boolean => {
      const [near, far] = [atSmall.choice.current(), atLarge.choice.current()]
      const ends = connections.map(({ initiator, responder }) => [initiator, responder])
      if (near === undefined || far === undefined) return near === far
      return ends.some(
        (pair) => pair.some((end) => end === near) && pair.some((end) => end === far),
      )
    },
  }
}

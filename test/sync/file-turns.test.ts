/** Whose turn it is to give a file at a post office. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { newPersonId } from '#base/ids.ts'
import type { WishRecord } from '#sync/file-records.ts'
import { turnMs } from '#sync/file-turns.ts'
import { anIdentity, rosterOf, seedOf } from '../support/nodes.ts'

const MINUTE_MS = 60_000
const HEARD_MS = 1_000_000
const identities = [
  anIdentity('hub', 1, 'hub'),
  anIdentity('asks', 2),
  anIdentity('home', 3),
  anIdentity('kit', 4),
  anIdentity('last', 5),
]
const [HUB, ASKS, HOME, KIT, LAST] = [0, 1, 2, 3, 4]
const idAt = (index: number) => must(identities[index], 'it is there').certificate.node
const owner = newPersonId(idAt(HOME), seedOf('owner'))

/** When it is the turn of each of these, in minutes since the wish was heard. */
function turns(of: readonly number[], who: number, changes: Partial<WishRecord> = {}) {
  const roster = rosterOf(identities)
  const wish = { ...WISH, ...changes }
  const wisher = { peer: 'post:office', name: '0123456789abcdef', node: idAt(who), wish } as const
  const time = { nowMs: () => HEARD_MS }
  return of.map((index) => {
    const identity = must(identities[index], 'it is there')
    const at = turnMs({ identity, roster, time }, wisher, owner)
    return at === 0 ? 0 : (at - HEARD_MS) / MINUTE_MS
  })
}

const WISH: WishRecord = {
  bytes: 10,
  isAsked: true,
  hops: 0,
  through: [],
  pieceBytes: 0,
  spans: [[0, 10]],
  actor: '' as WishRecord['actor'],
  number: 1,
  heardMs: HEARD_MS,
  movedMs: 0,
}

test('headquarters first, then the home of who handed it in, then one after another', async (t) => {
  t.strictSame(turns([HUB, HOME, KIT, LAST], ASKS), [0, 5, 6, 6.5])
})

test('when headquarters asks the home is first', async (t) => {
  t.strictSame(turns([HOME, ASKS, KIT], HUB), [0, 0.5, 1.5])
})

test('who is giving goes on at once, and the others wait until nothing comes any more', async (t) => {
  const changes = { movedMs: HEARD_MS + MINUTE_MS, giver: idAt(KIT) }
  t.strictSame(turns([KIT], ASKS, changes), [0])
  const late = turns([HOME, LAST], ASKS, { ...changes, movedMs: HEARD_MS - MINUTE_MS })
  t.strictSame(late, [5, 6.5])
})

/** Whom a node asks for files, and what it makes of what it is given. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { WISHES_IN_NOTE_MAX, WISHES_MAX } from '#base/limits.ts'
import type { Blobs } from '#ports/blobs.ts'
import { encodeWishes } from '#codec/wish.ts'
import { fileRange } from '#sync/file-records.ts'
import { allWishers, takeWishes } from '#sync/file-wishes.ts'
import { hearLife } from '#sync/lives.ts'
import { actorOf, type ActorId } from '#base/ids.ts'
import type { Identity } from '#trust/identity.ts'
import { aFleetWithFiles, bytesAt, fileAt, noise, postFile } from '../support/file-nodes.ts'
import { anIdentity, lifeOf } from '../support/nodes.ts'
import { aSync } from '../support/sync.ts'

const THIN = { room: { parcelBytes: 600, underWayBytes: 1_800 }, delayMs: 700 }

test('what is not the file in the end is seen by nobody; another is asked, and the liar no more', async (t) => {
  const bytes = noise('map', 60_000)
  const { clock, nodes, cut, heal } = await aFleetWithFiles(t, ['alpha', 'bravo', 'chad'], {
    blobsOf: (index, blobs) => (index === 0 ? lying(blobs) : blobs),
  })
  const [hub, origin, far] = [must(nodes[0], 'hub'), must(nodes[1], 'bravo'), must(nodes[2], 'far')]
  cut(1, 2)
  const id = await postFile(origin, bytes)
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true }, 'it came whole to who lies about it later')
  t.match(await fileAt(far, id), { isHere: false, have: 0 })
  const before = hub.sent.length
  await clock.advance(600_000)
  t.ok(hub.sent.length - before < 40, 'nobody runs in circles')

  heal(1, 2)
  await clock.advance(600_000)
  t.strictSame(Buffer.from(await bytesAt(far, id)), Buffer.from(bytes))
})

test('of two who have a file one is asked; when that one goes, the other goes on where it was', async (t) => {
  const { clock, nodes, cut } = await aFleetWithFiles(t, ['alpha', 'bravo', 'chad'], THIN)
  const [hub, origin, far] = [must(nodes[0], 'hub'), must(nodes[1], 'bravo'), must(nodes[2], 'far')]
  const bytes = noise('map', 40_000)
  const id = await postFile(origin, bytes)
  await clock.advance(60_000)
  await hub.node().fetchFile(hub.person.id, id)
  await clock.advance(60_000)
  t.match(await fileAt(hub, id), { isHere: true })
  const before = sizeOf(origin) + sizeOf(hub)
  await far.node().fetchFile(far.person.id, id)
  await clock.advance(10_000)
  const midway = must(await fileAt(far, id), 'it is known')
  t.ok(midway.have > 10_000 && midway.have < 40_000, `${midway.have} have come`)
  cut(2, midway.fetch?.sourceName === 'alpha' ? 0 : 1)
  await clock.advance(300_000)
  t.strictSame(Buffer.from(await bytesAt(far, id)), Buffer.from(bytes))
  const sent = sizeOf(origin) + sizeOf(hub) - before
  t.ok(sent < 50_000, `${sent} bytes for 40,000`)
})

test('a wish of an earlier life that comes late takes nothing off that of this one', async (t) => {
  const { alpha, hear } = await aHearer(t)
  const [node] = knows
  const [old, now] = [lifeOf('old'), lifeOf('new')].map((life) =>
    actorOf(node.certificate.node, life),
  )
  await hear(node, { actor: must(old, 'old'), number: 7, names: ['0000000000000001'] })
  await alpha.context.replica.commit(async (tx) => {
    for (const actor of [old, now])
      await hearLife(tx, { node: node.certificate.node, actor: must(actor, 'one'), named: [] })
  })
  await hear(node, { actor: must(now, 'now'), number: 1, names: ['0000000000000001'] })
  await hear(node, {
    actor: must(old, 'old'),
    number: 8,
    names: ['0000000000000001', '0000000000000002'],
  })
  const found = await allWishers(alpha.context.replica.read)
  t.match(found, [{ wish: { actor: now, number: 1 } }])
  t.equal(found.length, 1)
})

test('whoever wants most gives way to others, and soon', async (t) => {
  const { alpha, hear } = await aHearer(t)
  const [flooder, other] = knows
  await hear(other, { number: 1, names: ['0000000000000aaa'] })
  let looks = 0
  const notes = Math.ceil(WISHES_MAX / WISHES_IN_NOTE_MAX) + 3
  for (let number = 1; number <= notes; number += 1) {
    const names = Array.from({ length: WISHES_IN_NOTE_MAX }, (_, at) =>
      (number * WISHES_IN_NOTE_MAX + at).toString(16).padStart(16, 'f'),
    )
    const onList = (from: string): void => {
      if (number === notes && from.startsWith('wish/')) looks += 1
    }
    // oxlint-disable-next-line no-await-in-loop -- note after note
    await hear(flooder, { number, names, onList })
  }

  const left = await allWishers(alpha.context.replica.read)
  t.equal(left.length, WISHES_MAX)
  t.ok(
    left.some(({ name }) => name === '0000000000000aaa'),
    'what another wants is still wanted',
  )
  const asked = (await alpha.context.replica.read.list(fileRange.fetches)).length
  t.equal(asked, WISHES_MAX, 'what nobody wants any more is not fetched')
  t.ok(looks < 10, `${looks} looks at all wishes for one note`)
})

const knows = [anIdentity('bravo', 2), anIdentity('chad', 3)] as const

/** A node at a post office where others say what they want. */
async function aHearer(t: Test) {
  const alpha = await aSync('alpha', { knows })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  const { context } = alpha
  interface Said {
    readonly number: number
    readonly names: readonly string[]
    readonly actor?: ActorId
    /** Hears of each range that is listed. */
    readonly onList?: (from: string) => void
  }
  const hear = async (from: Identity, { number, names, actor, onList }: Said): Promise<void> => {
    const { node } = from.certificate
    const wish = { bytes: 9, isAsked: true, hops: 0, through: [], pieceBytes: 0 }
    const wishes = names.map((name) => ({ ...wish, name, spans: [[0, 9] as const] }))
    const said = {
      body: encodeWishes({ number, wishes }),
      actor: actor ?? actorOf(node, lifeOf('one')),
      node,
      from: 'post:office' as const,
    }
    await context.replica.commit((tx) =>
      takeWishes(
        {
          ...tx,
          list: (range) => {
            onList?.(range.from)
            return tx.list(range)
          },
        },
        context,
        said,
      ),
    )
  }
  return { alpha, hear }
}

function sizeOf({ sent }: { readonly sent: readonly { readonly bytes: Uint8Array }[] }): number {
  return sent.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** Gives other bytes than it took. */
function lying(blobs: Blobs): Blobs {
  return {
    ...blobs,
    read: async (hash, span) => {
      const content = await blobs.read(hash, span)
      return content && bent(content)
    },
  }
}

async function* bent(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const part of content) yield part.map((byte) => byte ^ 1)
}

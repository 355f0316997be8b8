import { test } from 'tap'
import { RENEWAL_CHECK_MS, keepRenewing } from '#app/renewal.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { must } from '#base/assert.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { aNode, anAdministrator, anIdentity, until, type NodeChoice } from '../support/nodes.ts'
import type { EdgeNode } from '#app/node.ts'
import type { KnownNode } from '#app/types.ts'
import type { Test } from 'tap'

const DAY_MS = 24 * 3_600_000
const YEAR_MS = 365 * DAY_MS
const FROM = 1_790_000_000_000
const LIFE = { validFrom: FROM, validUntil: FROM + 2 * YEAR_MS }

test('a kit in contact gets a later certificate, keeps it for its next start, and shows it at once', async (t) => {
  const { hub, kit, kept, clock, amira } = await aPair(t)
  clock.setWall(FROM + 1.5 * YEAR_MS)

  t.equal(await hub.renewCertificates(), 1)
  await until([hub, kit], async () => kept.length > 0)

  const { validUntil, role, number } = await standing(hub, amira, 'bravo')
  t.equal(validUntil, FROM + 3.5 * YEAR_MS)
  t.match({ role, number }, { role: 'kit', number: 2 })
  t.equal(kept.length, 1)
  t.equal(await hub.renewCertificates(), 0, 'once is enough')
})

test('nothing is renewed before two thirds of its life are over', async (t) => {
  const { hub, kit, clock } = await aPair(t)
  clock.setWall(FROM + 1.3 * YEAR_MS)

  t.equal(await kit.renewCertificates(), 0)
  t.equal(await hub.renewCertificates(), 0)
})

test('a kit that nobody has heard for long is not renewed, unless it has asked', async (t) => {
  for (const hasAsked of [false, true]) {
    const kitClock = virtualClock(FROM + DAY_MS)
    const { hub, kit, clock, part, amira } = await aPair(t, { kitClock })
    clock.setWall(FROM + 0.9 * YEAR_MS)
    kitClock.setWall(FROM + 1.5 * YEAR_MS)
    if (hasAsked) t.equal(await kit.renewCertificates(), 0, 'it may not issue, so it asks')
    await anAdministrator(kit, 'zoe')
    await until([hub, kit], async () => (await hub.allPeople()).length === 2)
    t.equal(await hub.renewCertificates(), 0, 'not half of its life is over')
    await part()
    clock.setWall(FROM + 1.5 * YEAR_MS)

    t.equal(await hub.renewCertificates(), hasAsked ? 1 : 0)

    const years = hasAsked ? 3.5 : 2
    t.equal((await standing(hub, amira, 'bravo')).validUntil, FROM + years * YEAR_MS)
  }
})

test('a lost kit runs out, and is not taken back by itself', async (t) => {
  const { hub, clock, part, amira } = await aPair(t)
  await part()
  clock.setWall(FROM + 2 * YEAR_MS + 31 * DAY_MS)

  t.equal(await hub.renewCertificates(), 0)
  t.match(await standing(hub, amira, 'bravo'), { validity: 'expired' })
})

test('a kit whose clock stands in 1970 is renewed because it is heard', async (t) => {
  const kitClock = virtualClock(86_400_000)
  const { hub, kit, kept, clock } = await aPair(t, { kitClock })
  clock.setWall(FROM + 1.5 * YEAR_MS)

  t.equal(await kit.renewCertificates(), 0)
  t.equal(await hub.renewCertificates(), 1)
  await until([hub, kit], async () => kept.length > 0)
})

test('a kit whose clock stands in 2060 asks early and gets nothing early', async (t) => {
  const kitClock = virtualClock(FROM)
  const { hub, kit, clock, part, meet } = await aPair(t, { kitClock })
  await part()
  kitClock.setWall(Date.UTC(2060, 0, 1))
  await kit.renewCertificates()
  kitClock.setWall(FROM)
  await meet()
  clock.setWall(FROM + 0.5 * YEAR_MS)

  t.equal(await hub.renewCertificates(), 0)
})

test('by a clock before this program was written nothing is issued', async (t) => {
  const { hub, clock } = await aPair(t)
  clock.setWall(86_400_000)

  t.equal(await hub.renewCertificates(), 0)
})

test('a node that issues without the root renews kits, and leaves alone what has rights', async (t) => {
  const { hub, clock, amira } = await aPair(t, { hub: { isRootAway: true } })
  clock.setWall(FROM + 1.5 * YEAR_MS)

  t.equal(await hub.renewCertificates(), 1)

  t.match(await standing(hub, amira, 'alpha'), { administers: true, issues: true, ...LIFE })
  t.equal((await standing(hub, amira, 'bravo')).validUntil, FROM + 3.5 * YEAR_MS)
})

test('the root renews its own node with all its rights', async (t) => {
  const { hub, clock, amira } = await aPair(t, { facts: LIFE })
  clock.setWall(FROM + 1.5 * YEAR_MS)

  t.equal(await hub.renewCertificates(), 2)

  t.match(await standing(hub, amira, 'alpha'), {
    administers: true,
    issues: true,
    validUntil: FROM + 3.5 * YEAR_MS,
  })
})

test('of two nodes with one number the later gets another', async (t) => {
  const twin = anIdentity('delta', 2, 'kit', { ...LIFE, validFrom: FROM + 1 })
  const { hub, amira } = await aPair(t, { hub: {}, alsoKnown: [twin] })

  t.equal(await hub.renewCertificates(), 1)

  t.equal((await standing(hub, amira, 'bravo')).number, 2)
  t.not((await standing(hub, amira, 'delta')).number, 2)
})

test('a number that the root gave twice is not for others to change', async (t) => {
  const twin = anIdentity('delta', 2, 'kit', { ...LIFE, validFrom: FROM + 1 })
  const { hub } = await aPair(t, { hub: { isRootAway: true }, alsoKnown: [twin] })

  t.equal(await hub.renewCertificates(), 0)
})

test('certificates are looked at once a day while the node runs, also after a day on which it failed', async (t) => {
  const clock = virtualClock()
  const log = collectingLog()
  const stop = new AbortController()
  let looks = 0
  const renewCertificates = async (): Promise<number> => {
    looks += 1
    if (looks === 2) throw new Error('the disk is full')
    return 0
  }
  const running = keepRenewing({ renewCertificates }, { clock, log }, stop.signal)

  await clock.advance(3 * RENEWAL_CHECK_MS)
  stop.abort()
  await running

  t.equal(looks, 4)
  t.equal(log.named('renewal.failed').length, 1)
})

interface PairChoice {
  readonly hub?: NodeChoice
  readonly kitClock?: ReturnType<typeof virtualClock>
  /** Of the hub's certificate. */
  readonly facts?: typeof LIFE
  readonly alsoKnown?: readonly ReturnType<typeof anIdentity>[]
}

/** A hub that may issue and a kit of two years, in contact; `clock` is the hub's, and the kit's unless it has its own. */
async function aPair(t: Test, choice: PairChoice = {}) {
  const clock = virtualClock(FROM + DAY_MS)
  const facts = choice.facts ?? (choice.hub === undefined ? {} : LIFE)
  const a = anIdentity('alpha', 1, 'hub', facts)
  const b = anIdentity('bravo', 2, 'kit', LIFE)
  const network = openMemoryNetwork({ clock: virtualClock() })
  const [alphaId, bravoId] = [a.certificate.node, b.certificate.node]
  const kept: Uint8Array[] = []
  const hub = await aNode('alpha', {
    role: 'hub',
    identity: a,
    knows: [b, ...(choice.alsoKnown ?? [])],
    clock,
    carriers: [network.open(alphaId)],
    ...choice.hub,
  })
  const kit = await aNode('bravo', {
    identity: b,
    knows: [a],
    clock: choice.kitClock ?? clock,
    carriers: [network.open(bravoId)],
    options: { keepCertificate: (bytes) => void kept.push(bytes) },
  })
  t.teardown(async () => {
    await hub[Symbol.asyncDispose]()
    await kit[Symbol.asyncDispose]()
  })
  const amira = await anAdministrator(hub, 'amira')
  const isUp = async (wanted: boolean): Promise<void> =>
    until([hub, kit], async () =>
      (await Promise.all([hub.status(), kit.status()])).every(
        ({ links }) => links.some((link) => link.isUp) === wanted,
      ),
    )
  await isUp(true)
  await until([hub, kit], async () => (await kit.allPeople()).length > 0)
  return {
    hub,
    kit,
    kept,
    clock,
    amira: amira.id,
    part: async () => {
      network.cut(alphaId, bravoId)
      await isUp(false)
    },
    meet: async () => {
      network.heal(alphaId, bravoId)
      await isUp(true)
    },
  }
}

async function standing(
  node: EdgeNode,
  subject: Parameters<EdgeNode['nodes']>[0],
  name: string,
): Promise<KnownNode> {
  const known = await node.nodes(subject)
  return must(
    known.find((one) => one.name === name),
    `${name} is known`,
  )
}

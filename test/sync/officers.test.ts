/** Who administers a node is known there while damage has taken the directory, and nobody else is. */
import { test, type Test } from 'tap'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { Store } from '#ports/store.ts'
import { writeHere } from '#sync/author.ts'
import { key, range, within } from '#sync/keys.ts'
import { aScene, aSealedStore, BRAVO, flip, type Opened, type Scene } from '../support/damaged.ts'
import { amira, arrive, aSync, envelopeOf, found, type SyncNode } from '../support/sync.ts'

const DAY_MS = 86_400_000
const PROFILE = { username: 'amira', displayName: 'Amira', isAdministrator: true }

test('who administers a node does so while its directory is lost, and is who others say once it is back', async (t) => {
  const { scene, store, bravo, again } = await aLoss(t)
  const presumed = personAt(again)
  t.match(presumed, { profile: PROFILE, deactivatedAt: 0 })
  t.strictSame(again.node.context.directory().channels(), [], 'all else is lost')
  await again.close()

  const healed = await scene.open('alpha', { store, isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  t.strictSame(await store.list(range.holes), [])
  t.strictSame(personAt(healed), personAt(bravo))
  t.strictSame(personAt(healed), presumed)
})

test('who was dismissed, shut out or made a guest before the damage administers nothing after it', async (t) => {
  const contents: readonly Content[] = [
    { kind: 'person', person: amira, profile: { ...PROFILE, isAdministrator: false } },
    { kind: 'standing', person: amira, isActive: false },
    { kind: 'policy', part: { about: 'person', person: amira, attributes: { role: 'guest' } } },
  ]
  for (const content of contents) {
    const { again } = await aLoss(t, content)
    t.equal(personAt(again), undefined, content.kind)
    await again.close()
  }
})

test('what is heard of them while the directory is lost counts', async (t) => {
  const { again, bravo, scene, store } = await aLoss(t)
  await using charlie = await aSync('charlie', { role: 'hub', knows: [BRAVO] })
  for (const document of [KEYS, DIRECTORY])
    await arrive(charlie, await envelopeOf(bravo.node, document))
  await write(charlie, { kind: 'standing', person: amira, isActive: false })
  const clock = await bravo.node.context.replica.commit(async (tx) =>
    (await tx.log(DIRECTORY)).clock(),
  )

  again.node.context.roster.introduce(charlie.context.identity.certificateBytes) // as in a contact
  await arrive(again.node, await envelopeOf(charlie, KEYS))
  await arrive(again.node, await envelopeOf(charlie, DIRECTORY, clock))
  t.ok((personAt(again)?.deactivatedAt ?? 0) > 0)
  t.ok((await store.list(range.holes)).length > 0, 'the rest is still lost')
  await again.close()

  const later = await scene.open('alpha', { store, life: 'second' })
  t.equal(personAt(later), undefined)
  await later.close()
})

test('once the directory is whole nothing is presumed any more', async (t) => {
  const standing = { kind: 'standing', person: amira, isActive: true } as const
  const { again, bravo, scene, store } = await aLoss(t, standing)
  await again.close()
  await using charlie = await aSync('charlie', { role: 'hub', clock: scene.clock })
  const profile = { ...PROFILE, isAdministrator: false }
  await write(charlie, { kind: 'person', person: amira, profile }) // and has not heard that she is active
  bravo.node.context.roster.introduce(charlie.context.identity.certificateBytes)
  for (const document of [KEYS, DIRECTORY])
    await arrive(bravo.node, await envelopeOf(charlie, document))

  const healed = await scene.open('alpha', { store, isLinked: true, life: 'second' })
  await scene.clock.advance(DAY_MS)

  t.equal(personAt(healed)?.profile.isAdministrator, false)
  t.strictSame(personAt(healed), personAt(bravo))
  t.strictSame(await store.list(within('office/')), [])
})

test('nobody is presumed where nothing of the directory is lost', async (t) => {
  const { again, scene, store } = await aLoss(t)
  await again.close()
  await store.write([{ key: key.hole(DIRECTORY), value: undefined }])

  const whole = await scene.open('alpha', { store, life: 'second' })
  t.strictSame(whole.node.context.directory().people(), [])
  await whole.close()
  t.strictSame(await store.list(within('office/')), [])
})

test('a damaged record of them is written again from the directory', async (t) => {
  const scene = aScene(t, 'hub')
  const [below, store] = aSealedStore()
  const first = await scene.open('alpha', { store })
  await found(first.node)
  await first.close()
  await flip(below, `office/${amira}`)

  const again = await scene.open('alpha', { store })
  t.match(personAt(again), { profile: PROFILE })
  t.equal((await store.list(within('office/'))).length, 1)
  await again.close()
})

interface Loss {
  readonly scene: Scene
  readonly store: Store
  readonly bravo: Opened
  /** Alpha, by itself, in the life after it. */
  readonly again: Opened
}

/** Alpha, where amira administers and something may have been said after that, has lost its whole directory to damage. */
async function aLoss(t: Test, content?: Content): Promise<Loss> {
  const scene = aScene(t, 'hub')
  const [below, store] = aSealedStore()
  const bravo = await scene.open('bravo', { isLinked: true })
  const first = await scene.open('alpha', { store, isLinked: true })
  await found(first.node)
  if (content !== undefined) await write(first.node, content)
  await scene.clock.advance(DAY_MS)
  await first.close()
  const all = [...(await below.list(range.loose(DIRECTORY)))].map(([name]) => name)
  if ((await below.get(key.snapshot(DIRECTORY))) !== undefined) all.push(key.snapshot(DIRECTORY))
  for (const name of all) await flip(below, name)

  const damaged = await scene.open('alpha', { store })
  t.equal(damaged.rebirths(), 1)
  await damaged.close()
  return { scene, store, bravo, again: await scene.open('alpha', { store, life: 'second' }) }
}

function personAt({ node }: Opened) {
  return node.context.directory().person(amira)
}

async function write({ context }: SyncNode, content: Content): Promise<void> {
  const entry = { author: undefined, claimedAt: context.now(), content }
  await context.replica.commit((tx) => writeHere(tx, context, { document: DIRECTORY, entry }))
}

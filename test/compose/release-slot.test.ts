/** The slot that a release opens: wherever a power cut falls, somebody can open the folder. */
import { readFile, stat } from 'node:fs/promises'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { layoutOf } from '#config/layout.ts'
import {
  keepOnlyRelease,
  makeReleaseSlot,
  removeReleaseSlot,
  shareInto,
} from '#compose/release-slot.ts'
import { unlockAlone, unlockByRelease, waysInto } from '#compose/unlocking.ts'
import { asking, aScene, random, USUAL } from '../support/release.ts'

test('a power cut between slot and share leaves the other ways, and the next try goes on', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  const key = must(await unlockAlone(folder, USUAL), 'by its key file')

  const lost = await makeReleaseSlot(folder, key, random) // and no hub ever hears of it

  t.equal(await shareInto(folder), lost.id)
  t.strictSame(await waysInto(folder), ['keyFile', 'release'])
  t.ok(await unlockAlone(folder, USUAL))
  await t.rejects(keepOnlyRelease(folder, asking([alpha]).release), { code: 'NOT_ALLOWED' })
  t.strictSame(await waysInto(folder), ['keyFile', 'release'], 'nothing was taken away')
  await scene.enable()
  t.not(await shareInto(folder), lost.id)
  await scene.passUntil(async () => (await scene.status(alpha)).kits.length === 1)
  t.ok(await unlockByRelease(folder, asking([alpha]).release))
})

test('a power cut between share and confirmation takes nothing away', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit, network } = scene
  network.cut(alpha.id, kit.id)
  await scene.enable()

  const { hubs, share } = await scene.status(kit)
  t.match(hubs, [{ id: alpha.id, hasConfirmed: false }])
  t.equal(share, await shareInto(folder))
  await t.rejects(keepOnlyRelease(folder, asking([alpha]).release), { code: 'NOT_ALLOWED' })
  t.ok(await unlockAlone(folder, USUAL))

  network.heal(alpha.id, kit.id)
  await scene.passUntil(async () => (await scene.status(kit)).hubs[0]?.hasConfirmed === true)
  await keepOnlyRelease(folder, asking([alpha]).release)
  t.strictSame(await waysInto(folder), ['release'])
  await t.rejects(stat(layoutOf(folder).keyFile), { code: 'ENOENT' }, 'the key file is gone')
})

test('the only way in is neither replaced nor taken away', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(async () => (await scene.status(alpha)).kits.length === 1)
  const { release } = asking([alpha])
  await keepOnlyRelease(folder, release)
  const key = must(await unlockByRelease(folder, release), 'headquarters opens it')
  const before = await readFile(layoutOf(folder).vault)

  await t.rejects(makeReleaseSlot(folder, key, random), { code: 'NOT_ALLOWED' })
  await t.rejects(removeReleaseSlot(folder), { code: 'NOT_ALLOWED' })

  t.strictSame(await readFile(layoutOf(folder).vault), before)
})

test('a slot that is taken away opens no more, and hubs forget its share', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit } = scene
  await scene.enable()
  await scene.passUntil(async () => (await scene.status(alpha)).kits.length === 1)

  await removeReleaseSlot(folder)
  await kit.node.dropShare(kit.admin)
  await scene.passUntil(async () => (await scene.status(alpha)).kits.length === 0)

  t.strictSame(await waysInto(folder), ['keyFile'])
  t.equal(await unlockByRelease(folder, asking([alpha]).release), undefined)
  await t.rejects(stat(layoutOf(folder).device), { code: 'ENOENT' })
  t.match(await scene.status(kit), { share: undefined, hubs: [] })
})

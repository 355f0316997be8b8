/** How a locked kit asks headquarters: hub after hub, again and again, whatever its clock says. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { releaseOf, untilReleased, type Post } from '#compose/release.ts'
import { keepOnlyRelease, shareInto } from '#compose/release-slot.ts'
import { setPassphrase, unlockAlone, unlockBy, unlockByRelease } from '#compose/unlocking.ts'
import { layoutOf } from '#config/layout.ts'
import { readKeyFile } from '#storage/key-file.ts'
import { answerRelease, authenticationKey, readReleaseRequest } from '#trust/release.ts'
import { virtualClock } from '../support/clock.ts'
import { collectingLog } from '../support/log.ts'
import { organisation } from '../support/nodes.ts'
import { asking, aScene, random, USUAL, type Place, type Scene } from '../support/release.ts'

test('a hub that has no share is passed over for the next one', async (t) => {
  const scene = await aScene(t, { hasTwoHubs: true })
  const charlie = must(scene.charlie, 'there are two')
  const { alpha, folder, kit, network } = scene
  network.cut(alpha.id, kit.id)
  network.cut(alpha.id, charlie.id)
  await scene.enable()
  await scene.passUntil(() => isKept(scene, charlie))

  const { release, wire } = asking([alpha, charlie])
  const key = must(await unlockByRelease(folder, release), 'charlie has it')

  t.strictSame(
    wire.map(({ hub, answer }) => [hub, answer.status]),
    [
      ['alpha', 403],
      ['charlie', 200],
    ],
  )
  t.strictSame(key.bytes, must(await unlockAlone(folder, USUAL), 'by its key file').bytes)
  const offline = asking([alpha, charlie], (name) => name !== 'charlie')
  t.equal(await unlockByRelease(folder, offline.release), undefined)
})

test('a hub in wrong hands that gives another share only costs the try', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const { post, wire } = asking([alpha])
  const id = must(await shareInto(folder), 'the slot names it')
  const device = must(await readKeyFile(layoutOf(folder).device), 'it is there')
  const secrets = {
    share: random.bytes(32),
    authentication: authenticationKey(organisation.suite, device, id),
  }
  const lie: Post = async (url, bytes) => {
    if (!url.includes('//liar:')) return post(url, bytes)
    const request = must(readReleaseRequest(organisation.suite, bytes), 'it reads')
    return { status: 200, body: must(answerRelease(request, secrets, random), 'it is a key') }
  }
  const unlock = { ...USUAL, release: { from: ['liar:8065', 'alpha:8065'] } }
  const ports = { post: lie, random, log: collectingLog() }
  const release = must(await releaseOf(folder, unlock, ports), 'there is a slot')

  t.ok(await unlockByRelease(folder, release))

  t.equal(wire.length, 1)
})

test('each hub gives the share alone, and revoking on one reaches the other', async (t) => {
  const scene = await aScene(t, { hasTwoHubs: true })
  const charlie = must(scene.charlie, 'there are two')
  const { alpha, folder, kit } = scene
  await scene.enable()
  await scene.passUntil(async () => (await isKept(scene, alpha)) && (await isKept(scene, charlie)))
  for (const hub of [alpha, charlie])
    t.ok(await unlockByRelease(folder, asking([hub]).release), hub.name)

  await alpha.node.revokeNode(alpha.admin, { node: kit.id })
  await scene.passUntil(async () => (await scene.status(charlie)).kits[0]?.answer === 'revoked')

  t.equal(await unlockByRelease(folder, asking([alpha, charlie]).release), undefined)
})

test('no clock has a say: the kit wakes in 1970, the hub lives in 2060', async (t) => {
  const clocks = { alpha: virtualClock(2_850_000_000_000), bravo: virtualClock(1_000) }
  const scene = await aScene(t, { clocks })
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(async () => (await scene.status(alpha)).kits.length === 1)
  alpha.clock.setWall(5_000)

  t.ok(await unlockByRelease(folder, asking([alpha]).release))
})

test('a kit asks again, later each time, until headquarters releases it', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  await alpha.node.holdRelease(alpha.admin, kit.id, true)
  const { release } = asking([alpha])
  const [clock, log] = [virtualClock(), collectingLog()]
  const stop = new AbortController()

  const waiting = untilReleased(
    { dataFolder: folder, release },
    { clock, random, log },
    stop.signal,
  )
  for (let round = 0; round < 12; round += 1) {
    await clock.whenAsleep(1)
    await clock.advance(60_000)
  }
  await clock.whenAsleep(1)
  await alpha.node.holdRelease(alpha.admin, kit.id, false)
  await clock.advance(60_000)

  t.ok(await waiting)
  const waits = log.named('release.awaited').map(({ facts }) => Number(facts['waitMs']))
  t.ok(waits.every((waitMs, at) => waitMs >= 500 * 2 ** Math.min(at, 5) && waitMs <= 60_000))
  t.ok(must(waits[0], 'it waited') <= 1_000)
  t.ok(new Set(waits.slice(-6)).size > 1, 'kits do not all come at once')
})

test('a kit that is offline opens by its passphrase, and stops asking when it is told to', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const key = must(await unlockAlone(folder, USUAL), 'by its key file')
  const wish = { passphrase: 'seven green boats', isKeyFileKept: false, random }
  await setPassphrase(folder, key, wish)
  const offline = asking([alpha], () => false)
  const [clock, log] = [virtualClock(), collectingLog()]
  const stop = new AbortController()
  const ports = { dataFolder: folder, release: offline.release }
  const waiting = untilReleased(ports, { clock, random, log }, stop.signal)
  await clock.whenAsleep(1)

  t.equal(await unlockAlone(folder, USUAL, offline.release), undefined)
  t.ok(await unlockBy(folder, 'seven green boats'))
  stop.abort()
  t.equal(await waiting, undefined)
  t.ok(await unlockAlone(folder, USUAL, asking([alpha]).release), 'and by a release when it can')
})

test('only a folder with such a slot, and with hubs to ask, waits for headquarters', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  const { post } = asking([alpha])
  const ports = { post, random, log: collectingLog() }
  const unlock = { ...USUAL, release: { from: ['alpha:8065'] } }
  t.equal(await releaseOf(folder, unlock, ports), undefined, 'no slot')
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))

  t.equal(await releaseOf(folder, USUAL, ports), undefined, 'nobody to ask')
  const release = must(await releaseOf(folder, unlock, ports), 'both')
  await keepOnlyRelease(folder, release)
  t.ok(await unlockAlone(folder, unlock, release))
})

async function isKept(scene: Scene, hub: Place): Promise<boolean> {
  const { hubs } = await scene.status(scene.kit)
  return hubs.some(({ id, hasConfirmed }) => id === hub.id && hasConfirmed)
}

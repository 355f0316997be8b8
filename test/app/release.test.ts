/** What a hub decides about a locked kit that asks: revoked, held, replayed, a stranger, and a hub from yesterday. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { keepOnlyRelease } from '#compose/release-slot.ts'
import { unlockAlone, unlockByRelease, waysInto } from '#compose/unlocking.ts'
import { keptShares } from '#sync/shares.ts'
import { virtualClock } from '../support/clock.ts'
import { aPerson } from '../support/nodes.ts'
import {
  asking,
  aScene,
  copyOf,
  openPlace,
  put,
  refusals,
  USUAL,
  type Place,
  type Scene,
} from '../support/release.ts'

test('a stolen kit that was switched off opens until it is revoked, and never again after', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const { release, wire } = asking([alpha])
  await keepOnlyRelease(folder, release)
  t.strictSame(await waysInto(folder), ['release'])
  t.equal(await unlockAlone(folder, USUAL), undefined, 'nothing on the disk opens it')
  t.ok(await unlockByRelease(folder, release), 'headquarters does')
  await kit.node[Symbol.asyncDispose]()

  await alpha.node.revokeNode(alpha.admin, { node: kit.id, reason: 'stolen' })

  t.equal(await unlockByRelease(folder, release), undefined)
  t.strictSame(await sharesOf(alpha), [0], 'and it is not there to be given by mistake')
  const recorded = wire.filter(({ answer }) => answer.status === 200)
  t.equal(recorded.length, 2)
  for (const { request, answer } of recorded) {
    t.equal((await put(alpha, request)).status, 403, 'what was asked before does not help')
    t.equal(
      await unlockByRelease(
        folder,
        askingWith(async () => answer),
      ),
      undefined,
      'nor heard',
    )
  }
  t.strictSame(refusals(alpha), ['revoked', 'replayed', 'replayed'])
  const [told] = alpha.log.named('release.refused')
  t.match(told, { level: 'warn', facts: { node: kit.id } }, 'somebody tries: headquarters is told')
})

test('a kit that is to be wiped is not released, whether it has heard or not', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  await kit.node[Symbol.asyncDispose]()

  await alpha.node.wipeNode(alpha.admin, kit.id)

  t.equal(await unlockByRelease(folder, asking([alpha]).release), undefined)
  t.strictSame(refusals(alpha), ['to be wiped'])
  t.strictSame(await sharesOf(alpha), [0])
})

test('an operator holds a kit back and allows it again, on a hub only', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const { release } = asking([alpha])

  await alpha.node.holdRelease(alpha.admin, kit.id, true)
  t.equal(await unlockByRelease(folder, release), undefined)
  t.match((await scene.status(alpha)).kits, [{ id: kit.id, name: 'bravo', answer: 'held' }])
  await alpha.node.holdRelease(alpha.admin, kit.id, false)
  t.ok(await unlockByRelease(folder, release))

  t.strictSame(refusals(alpha), ['held'])
  t.equal(alpha.log.named('release.given').length, 1)
  await t.rejects(kit.node.holdRelease(kit.admin, alpha.id, true), { code: 'NOT_ALLOWED' })
  const bo = await alpha.node.enrolPerson(alpha.admin, aPerson('bo'))
  await t.rejects(alpha.node.holdRelease(bo.id, kit.id, false), { code: 'NOT_ALLOWED' })
  await t.rejects(alpha.node.releaseStatus(bo.id), { code: 'NOT_ALLOWED' })
})

test('a question that is played again gets nothing, and an answer opens nothing but its question', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const { release, wire } = asking([alpha])
  t.ok(await unlockByRelease(folder, release))
  const first = must(wire[0], 'it was asked')

  t.equal((await put(alpha, first.request)).status, 403)
  t.strictSame(refusals(alpha), ['replayed'])

  const impostor = askingWith(async () => first.answer)
  t.equal(await unlockByRelease(folder, impostor), undefined)
})

test('a wrong proof, another form, and a share nobody knows are refused alike', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const { release, wire } = asking([alpha])
  await unlockByRelease(folder, release)
  const { request } = must(wire[0], 'it was asked')
  const [proof, name] = [Uint8Array.from(request), Uint8Array.from(request)]
  proof.set([1, 2, 3], proof.length - 3)
  name.set([1, 2, 3], 2)
  const tryIt = async (bytes: Uint8Array): Promise<unknown> =>
    alpha.node.releaseKit({ request: bytes, admit: noTurnLeft }).catch((error: unknown) => error)

  const answers = [await tryIt(proof), await tryIt(name), await tryIt(proof.subarray(1))]

  t.strictSame(refusals(alpha), ['wrong proof', 'unknown share', 'malformed'])
  const said = answers.map((error) => (error instanceof EdgeError ? error.message : ''))
  t.match(said[0], 'NOT_ALLOWED', 'and no turn of the kit is asked for')
  t.equal(new Set(said).size, 1, 'nobody learns why')
})

test('too many questions of one kit are refused before anything is given', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const refuse = askingWith(async (request) => {
    await t.rejects(alpha.node.releaseKit({ request, admit: noTurnLeft }), {
      code: 'TOO_MANY_REQUESTS',
    })
    return { status: 429, body: new Uint8Array() }
  })

  t.equal(await unlockByRelease(folder, refuse), undefined)
  t.equal(alpha.log.named('release.given').length, 0)
})

test('a hub restored from yesterday gives nothing that an operator has not allowed', async (t) => {
  const scene = await aScene(t)
  const { alpha, folder, kit, network } = scene
  await scene.enable()
  await scene.passUntil(() => isKept(scene, alpha))
  const yesterday = await copyOf(alpha.store)
  await alpha.node.revokeNode(alpha.admin, { node: kit.id })
  await alpha.node[Symbol.asyncDispose]()
  await kit.node[Symbol.asyncDispose]()

  const facts = { network, clock: virtualClock(), store: yesterday, life: 'alpha restored' }
  const restored = await openPlace('alpha', facts)
  t.teardown(() => restored.node[Symbol.asyncDispose]())

  t.equal(await unlockByRelease(folder, asking([restored]).release), undefined)
  await restored.clock.advance(3_600_000)
  t.equal(await unlockByRelease(folder, asking([restored]).release), undefined, 'not by waiting')
  t.strictSame(refusals(restored), ['restored', 'restored'])
  await restored.node.holdRelease(restored.admin, kit.id, false)
  t.ok(await unlockByRelease(folder, asking([restored]).release), 'a person has looked')
})

test('a whole disk put back shows at the first word: until then, for a minute, nothing is given', async (t) => {
  const scene = await aScene(t, { hasTwoHubs: true })
  const { alpha, folder, kit, network } = scene
  const charlie = must(scene.charlie, 'there are two')
  await scene.enable()
  await scene.passUntil(async () => (await isKept(scene, alpha)) && (await isKept(scene, charlie)))
  const yesterday = await copyOf(alpha.store)
  await alpha.node.revokeNode(alpha.admin, { node: kit.id })
  await scene.passUntil(async () => (await scene.status(charlie)).kits[0]?.answer === 'revoked')
  await alpha.node[Symbol.asyncDispose]()
  network.cut(alpha.id, charlie.id)
  network.cut(alpha.id, kit.id)

  const names = ['alpha', 'bravo', 'charlie']
  const facts = { network, clock: virtualClock(), store: yesterday, names }
  const restored = await openPlace('alpha', facts)
  t.teardown(() => restored.node[Symbol.asyncDispose]())
  const { release } = asking([restored])
  t.equal(await unlockByRelease(folder, release), undefined)
  network.heal(alpha.id, charlie.id)
  for (let turn = 0; turn < 90; turn += 1) {
    await restored.clock.advance(1_000)
    await scene.pass(1_000)
  }

  t.equal(await unlockByRelease(folder, release), undefined)
  t.strictSame(refusals(restored), ['unsure', 'revoked'])
})

async function isKept(scene: Scene, hub: Place): Promise<boolean> {
  const { hubs } = await scene.status(scene.kit)
  return hubs.some(({ id, hasConfirmed }) => id === hub.id && hasConfirmed)
}

function noTurnLeft(): never {
  throw new EdgeError('TOO_MANY_REQUESTS', { what: 'release' })
}

/** Lengths of the shares that a hub keeps. */
async function sharesOf({ store }: Place): Promise<readonly number[]> {
  const all = await keptShares(store)
  return all.map(({ share }) => share.length)
}

/** A folder's way of asking that is answered by `answer`. */
function askingWith(
  answer: (request: Uint8Array) => Promise<{ readonly status: number; readonly body: Uint8Array }>,
): ReturnType<typeof asking>['release'] {
  return asking([], undefined, (_, request) => answer(request)).release
}

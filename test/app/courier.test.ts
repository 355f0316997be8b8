import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { COURIER_IN_FLIGHT_MAX } from '#base/limits.ts'
import type { StickDisk } from '#ports/stick.ts'
import { aChannelDraft } from '../support/app.ts'
import { aKit, copyStick, type Kit } from '../support/couriers.ts'
import { must } from '#base/assert.ts'
import { seededRandom } from '../support/random.ts'
import { aFolder } from '../support/folders.ts'
import { anIdentity, aPerson } from '../support/nodes.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]

test('three nodes with nothing but two sticks, one of them lost, one copied, end with the same, once', async (t) => {
  const [alpha, bravo, charlie] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
    await aKit(t, 'charlie', { knows: people }),
  ]
  const [one, two, copy] = [await aFolder(t), await aFolder(t), await aFolder(t)]
  await alpha.say('from alpha')
  await alpha.exportTo(one)
  await alpha.exportTo(two)
  await bravo.importFrom(one)
  await bravo.say('from bravo')
  await bravo.exportTo(one)
  await copyStick(one, copy)
  await charlie.say('from charlie')
  await charlie.importFrom(copy)
  await charlie.exportTo(copy)
  await rm(two, { recursive: true }) // with a courier who never came
  await bravo.say('later, from bravo')
  await bravo.exportTo(one)

  // Home, both of them, the copy twice; and round once more for the receipts and what was left.
  for (const stick of [one, copy, copy, one]) await alpha.importFrom(stick)
  for (let round = 0; round < 2; round += 1)
    for (const kit of [alpha, bravo, charlie, alpha, bravo, charlie]) {
      await kit.importFrom(one)
      await kit.exportTo(one)
    }

  const said = ['from alpha', 'from bravo', 'from charlie', 'later, from bravo'].toSorted()
  for (const kit of [alpha, bravo, charlie]) t.strictSame(await kit.reads(), said)
})

test(
  'whatever becomes of sticks, nodes end with the same, once',
  { timeout: 120_000 },
  async (t) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const chance = chanceOf(seed)
      const kits = [
        await aKit(t, 'alpha', { role: 'hub', knows: people }),
        await aKit(t, 'bravo', { knows: people }),
        await aKit(t, 'charlie', { knows: people }),
      ]
      const sticks = [await aFolder(t), await aFolder(t), await aFolder(t)]
      const said: string[] = []
      const deeds: readonly (() => Promise<unknown>)[] = [
        () => {
          said.push(`message ${said.length}`)
          return chance.one(kits).say(said.at(-1) ?? '')
        },
        () => chance.one(kits).exportTo(chance.one(sticks)),
        () => chance.one(kits).importFrom(chance.one(sticks)),
        () => copyStick(chance.one(sticks), chance.one(sticks)),
        () => harm(chance.one(sticks), chance.below),
      ]
      for (let step = 0; step < 80; step += 1) await chance.one([...deeds, ...deeds.slice(0, 3)])()
      const last = seed % 2 === 0 ? chance.one(sticks) : await aFolder(t)
      for (let round = 0; round < 4; round += 1) {
        await exchange(kits, last)
        for (const { clock } of kits) await clock.advance(600_000)
      }
      for (const kit of kits) t.strictSame(await kit.reads(), said.toSorted(), `seed ${seed}`)
    }
  },
)

test('whom headquarters had not heard of when somebody was shut out writes onto the next stick all the same', async (t) => {
  const lost = anIdentity('delta', 4)
  const choice = { knows: [...people, lost] }
  const hub = await aKit(t, 'alpha', { role: 'hub', ...choice })
  const [early, late] = [await aKit(t, 'bravo', choice), await aKit(t, 'charlie', choice)]
  const stick = await aFolder(t)
  await early.exportTo(stick)
  await hub.importFrom(stick)
  await hub.node.revokeNode(hub.operator.id, { node: lost.certificate.node })
  await hub.say('before')
  await hub.exportTo(stick)
  await late.importFrom(stick)
  await late.say('from the one that was late')

  await late.exportTo(stick)
  await hub.importFrom(stick)

  t.ok((await hub.reads()).includes('from the one that was late'))
  t.match(await hub.audited('epoch made'), ['done 1'])
})

test('what left on a stick is stored when its receipt comes home, and not before', async (t) => {
  const [hub, kit] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
  ]
  const [out, home] = [await aFolder(t), await aFolder(t)]
  await exchange([hub, kit], out)
  await kit.say('is it there?')
  const words: string[] = [await wordOf(kit)]

  await kit.exportTo(out)
  words.push(await wordOf(kit))
  await hub.importFrom(out)
  words.push(await wordOf(kit))
  await hub.exportTo(home)
  await kit.importFrom(home)
  words.push(await wordOf(kit))

  t.strictSame(words, ['queued', 'left this kit', 'left this kit', 'stored'])
})

test('a receipt on a stick that is lost goes again on the next one', async (t) => {
  const [hub, kit] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
  ]
  const [out, lost, home] = [await aFolder(t), await aFolder(t), await aFolder(t)]
  await exchange([hub, kit], out)
  await kit.say('is it there?')
  await kit.exportTo(out)
  await hub.importFrom(out)

  await hub.exportTo(lost)
  await hub.exportTo(home)
  t.equal(await wordOf(kit), 'left this kit')
  await kit.importFrom(home)

  t.equal(await wordOf(kit), 'stored')
})

test('what a third node has signed for comes home on a new stick, when the one it was on is lost', async (t) => {
  const [hub, kit, third] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
    await aKit(t, 'charlie', { knows: people }),
  ]
  const [out, lost, home] = [await aFolder(t), await aFolder(t), await aFolder(t)]
  await exchange([hub, kit, third], out)
  await kit.say('is it with charlie?')
  await kit.exportTo(out)
  await third.importFrom(out)
  await third.exportTo(lost)
  await hub.importFrom(lost)
  await hub.exportTo(lost)
  t.equal(await wordOf(kit, 'charlie'), 'left this kit')

  await hub.exportTo(home)
  await kit.importFrom(home)

  t.equal(await wordOf(kit, 'charlie'), 'stored')
})

test('only what is new goes onto a stick that is known, and nothing when there is nothing', async (t) => {
  const kit = await aKit(t, 'bravo', { knows: people })
  const stick = await aFolder(t)
  for (let at = 0; at < 50; at += 1) await kit.say(`message ${at} of many, some words long`)

  const first = await kit.exportTo(stick)
  const second = await kit.exportTo(stick)
  await kit.say('one more')
  const third = await kit.exportTo(stick)
  const status = await kit.node.courierStatus(kit.operator.id, stick)

  t.ok(first.envelopes > third.envelopes, `${first.envelopes}, then ${third.envelopes}`)
  t.match(second, { files: 0, envelopes: 0, bytes: 0 })
  t.match(third, { files: 1, bytes: 4_136 })
  t.match(status, { files: 3, fresh: 0, waiting: 0, isKnown: true, refused: [] })
  t.equal((await readdir(stick)).length, 3, 'keys for all, what members read, and the one more')
})

test('more than goes into one file goes into further ones', async (t) => {
  const [kit, other] = [
    await aKit(t, 'bravo', { knows: people }),
    await aKit(t, 'charlie', { knows: people }),
  ]
  const stick = await aFolder(t)
  const count = COURIER_IN_FLIGHT_MAX / 2 + 5 // channels: settings and a message of each
  for (let at = 0; at < count; at += 1) {
    const channel = await kit.node.createChannel(kit.operator.id, aChannelDraft(`c${at}`))
    await kit.node.post(kit.operator.id, { channel: channel.id, body: `in ${at}` })
  }

  const wrote = await kit.exportTo(stick)
  const took = await other.importFrom(stick)
  const { channels, messages } = await other.node.status()

  t.ok(wrote.files > 2 && wrote.envelopes > COURIER_IN_FLIGHT_MAX, JSON.stringify(wrote))
  t.strictSame(took, wrote)
  t.ok(channels > count && messages >= count, `${messages} messages in ${channels} channels`)
})

test('what came over one stick goes on over the next at once', async (t) => {
  const [alpha, bravo, charlie] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
    await aKit(t, 'charlie', { knows: people }),
  ]
  const [one, two] = [await aFolder(t), await aFolder(t)]
  await bravo.exportTo(two) // so that what comes later is no first meeting
  await alpha.say('pass it on')

  await alpha.exportTo(one)
  await bravo.importFrom(one)
  await bravo.exportTo(two)
  await charlie.importFrom(two)

  t.strictSame(await charlie.reads(), ['pass it on'])
})

test('what a damaged file held is asked for, and comes again', async (t) => {
  const [alpha, bravo] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
  ]
  const stick = await aFolder(t)
  await exchange([alpha, bravo], stick)
  const before = new Set(await readdir(stick))
  await alpha.say('first')
  await alpha.exportTo(stick)
  for (const name of await readdir(stick)) if (!before.has(name)) await damage(join(stick, name))
  await alpha.say('second')
  await alpha.exportTo(stick)

  const report = await bravo.importFrom(stick)
  const missing = await bravo.reads()
  await bravo.exportTo(stick)
  await alpha.importFrom(stick)
  await alpha.exportTo(stick)
  await bravo.importFrom(stick)

  t.match(report, { files: 1, refused: [{ what: 'file', reason: 'does not open', count: 1 }] })
  t.strictSame(missing, [])
  t.strictSame(await bravo.reads(), ['first', 'second'])
})

test('what a damaged file held comes again even when nothing follows it', async (t) => {
  const [alpha, bravo] = [
    await aKit(t, 'alpha', { role: 'hub', knows: people }),
    await aKit(t, 'bravo', { knows: people }),
  ]
  const stick = await aFolder(t)
  await exchange([alpha, bravo], stick)
  const before = new Set(await readdir(stick))
  await alpha.say('the last word')
  await alpha.exportTo(stick)
  for (const name of await readdir(stick)) if (!before.has(name)) await damage(join(stick, name))

  await exchange([bravo, alpha], stick)

  t.strictSame(await bravo.reads(), ['the last word'])
})

test('a stick that fills up takes what it can; the rest goes onto the next', async (t) => {
  let room = 0
  const create: StickDisk['create'] = async (folder, name, bytes) => {
    await SYSTEM_STICKS.create(folder, name, bytes.subarray(0, room))
    if (bytes.length > room) throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
    room -= bytes.length
  }
  const sticks = { ...SYSTEM_STICKS, create }
  const kit = await aKit(t, 'bravo', { knows: people, sticks })
  const other = await aKit(t, 'charlie', { knows: people })
  const [small, large] = [await aFolder(t), await aFolder(t)]
  await kit.say('there is no room for me')

  await t.rejects(kit.exportTo(small), { code: 'STICK_FULL' })
  t.strictSame(await readdir(small), [])
  t.equal(await wordOf(kit), 'queued')
  room = 1_000_000
  await kit.exportTo(large)
  await kit.exportTo(small)
  await other.importFrom(small)
  await kit.clock.advance(120_000)

  t.strictSame(await other.reads(), ['there is no room for me'])
  t.strictSame(await kit.audited('courier exported'), ['done 1', 'refused 1', 'done 1', 'done 1'])
})

test('export and import stand in the audit, and are for administrators', async (t) => {
  const kit = await aKit(t, 'bravo', { knows: people })
  const other = await aKit(t, 'charlie', { knows: people })
  const stick = await aFolder(t)
  const bo = await kit.node.enrolPerson(kit.operator.id, aPerson('bo'))

  await t.rejects(kit.node.exportCourier(bo.id, stick), { code: 'NOT_ALLOWED' })
  await t.rejects(kit.node.importCourier(bo.id, stick), { code: 'NOT_ALLOWED' })
  await t.rejects(kit.node.courierStatus(bo.id, stick), { code: 'NOT_ALLOWED' })
  await kit.exportTo(stick)
  await other.importFrom(stick)
  await other.importFrom(stick)

  t.strictSame(await kit.audited('courier exported'), ['done 1'])
  t.strictSame(await other.audited('courier imported'), ['done 1'])
})

test('what cannot be a stick is refused in words, and noted', async (t) => {
  const kit = await aKit(t, 'bravo', { knows: people })
  const gone = join(await aFolder(t), 'gone')

  for (const deed of [kit.exportTo, kit.importFrom])
    await t.rejects(deed(gone), {
      code: 'INPUT_INVALID',
      facts: { field: 'folder', found: 'nothing of this name' },
    })
  await t.rejects(kit.node.courierStatus(kit.operator.id, 'stick'), { code: 'INPUT_INVALID' })
  t.strictSame(await kit.audited('courier exported'), ['refused 1'])
  t.equal(kit.log.named('courier.failed').length, 2)
})

/** Takes a file of a stick away, cuts it, or changes a byte of it. */
async function harm(stick: string, below: (end: number) => number): Promise<void> {
  const names = (await readdir(stick)).toSorted()
  const name = names[below(names.length)]
  if (name === undefined) return
  const path = join(stick, name)
  const bytes = await readFile(path)
  const deed = below(3)
  if (deed === 0) await rm(path)
  else if (deed === 1) await writeFile(path, bytes.subarray(0, below(bytes.length)))
  else {
    const at = below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ 255
    await writeFile(path, bytes)
  }
}

/** Choices that follow from a seed. */
function chanceOf(seed: number): {
  readonly below: (end: number) => number
  readonly one: <T>(items: readonly T[]) => T
} {
  const random = seededRandom(seed)
  const below = (end: number): number =>
    Math.floor((Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32) * end)
  return { below, one: (items) => must(items[below(items.length)], 'there is one') }
}

/** Changes one byte of the first frame. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[2_000] = (bytes[2_000] ?? 0) ^ 1
  await writeFile(path, bytes)
}

async function exchange(kits: readonly Kit[], stick: string): Promise<void> {
  for (let round = 0; round < 2; round += 1)
    for (const kit of kits) {
      await kit.importFrom(stick)
      await kit.exportTo(stick)
    }
}

/** The word for the newest message of a kit, towards one other node, or the first. */
async function wordOf({ node, operator }: Kit, name?: string): Promise<string> {
  const [square] = await node.channelsOf(operator.id)
  const { messages } = await node.page(operator.id, square!.id, { limit: 1 })
  const { deliveries } = await node.delivery(operator.id, messages[0]!.id)
  const isMeant = (one: { readonly destinationName: string }): boolean =>
    name === undefined || one.destinationName === name
  return deliveries.find(isMeant)?.word ?? 'nobody to go to'
}

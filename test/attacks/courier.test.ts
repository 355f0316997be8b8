/** Attacks with a stick: whoever has it in hand may swap, copy, cut and fill it, and reads nothing. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test, type Test } from 'tap'
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { bytesFromId } from '#base/ids.ts'
import { COURIER_FRAME_BYTES, COURIER_HEADER_BYTES, writeCourierFile } from '#codec/courier-file.ts'
import type { CourierReport } from '#ports/courier.ts'
import { firstEpoch } from '#trust/epoch.ts'
import { derive, seal, sealKey, SUITE_NACL } from '#trust/keys.ts'
import { anInsider, isNamed } from '../support/adversary.ts'
import { aKit, copyStick, type Kit } from '../support/couriers.ts'
import { aFolder } from '../support/folders.ts'
import { anIdentity, organisation, organisationSecret, seedOf } from '../support/nodes.ts'
import { anOrganisation } from '../support/organisation.ts'

suite.setTimeout(180_000)

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2), anIdentity('charlie', 3)]
/** Five times as many take a minute to make and take away, and are imported within 6 s here. */
const FILES = 20_000
const mallory = anIdentity('mallory', 9)

test('a stick of another organisation is refused by name, and both can use it side by side', async (t) => {
  const { alpha, bravo } = await aPair(t)
  const rival = await aRival(t)
  const stick = await aFolder(t)
  await rival.say('ours alone')
  await rival.exportTo(stick)

  const report = await bravo.importFrom(stick)
  await alpha.say('and this is ours')
  await alpha.exportTo(stick)
  const both = await bravo.importFrom(stick)
  const theirs = await rival.importFrom(stick)

  t.match(report, { files: 0, envelopes: 0, refused: refusal('does not open', 2) })
  t.match([both, theirs], [{ files: 2 }, { files: 0, refused: refusal('does not open', 2) }])
  t.strictSame(await bravo.reads(), ['and this is ours'])
  t.strictSame(await rival.reads(), ['ours alone'])
  const records = await bravo.records('courier imported')
  t.ok(isNamed({ records, log: bravo.log }, 'stickNotOurs'))
  await isRefused(t, bravo, 'does not open', 2)
})

test('an older copy of a stick brings nothing twice, and what it lacks goes onto it again', async (t) => {
  const { alpha, bravo, charlie } = await aPair(t)
  const [stick, older] = [await aFolder(t), await aFolder(t)]
  await alpha.say('first')
  await alpha.exportTo(stick)
  await copyStick(stick, older)
  await alpha.say('second')
  await alpha.exportTo(stick)
  await bravo.importFrom(stick)

  const again = await bravo.importFrom(older)
  await alpha.exportTo(older)
  await charlie.importFrom(older)

  t.match(again, { refused: [] })
  t.strictSame(await bravo.reads(), ['first', 'second'])
  t.strictSame(await charlie.reads(), ['first', 'second'])
})

test('a revoked node opens nothing that is exported later, and nothing of its own is taken', async (t) => {
  const { alpha, bravo, charlie } = await aPair(t)
  const [stick, later, its] = [await aFolder(t), await aFolder(t), await aFolder(t)]
  for (let round = 0; round < 2; round += 1)
    for (const kit of [alpha, bravo, charlie]) {
      await kit.importFrom(stick)
      await kit.exportTo(stick)
    }
  const [lost] = people.slice(2)
  await alpha.node.revokeNode(alpha.operator.id, { node: lost!.certificate.node })
  await alpha.say('not for charlie')
  await alpha.exportTo(later)
  await charlie.say('from a thief')
  await charlie.exportTo(its)

  const byThief = await charlie.importFrom(later)
  const byBravo = await bravo.importFrom(later)
  const fromThief = await bravo.importFrom(its)

  t.match(
    byThief,
    { files: 1, refused: refusal('does not open', 1) },
    'but for keys not meant for it',
  )
  t.strictSame(byBravo.refused, [])
  t.match(fromThief.refused, [{ what: 'envelope', reason: 'revoked' }])
  t.strictSame(await bravo.reads(), ['not for charlie'])
  t.notOk(await holds(charlie, 'not for charlie'))
  t.ok(await holds(charlie, 'from a thief'))
  t.ok(bravo.log.named('envelope.refused').some(({ facts }) => facts['reason'] === 'revoked'))
  t.ok((await bravo.audited('envelope refused')).length > 0)
})

test('whatever is done to files, only what is whole is taken, in its own order', async (t) => {
  const { alpha, bravo } = await aPair(t)
  const stick = await aFolder(t)
  const texts = Array.from(
    { length: 180 },
    (_, at) => `report ${at} ${seedOf(`${at}`).join('')} ${seedOf(`more ${at}`).join('')}`,
  )
  for (const text of texts) await alpha.say(text)
  await alpha.exportTo(stick)
  const files = await Promise.all(
    (await readdir(stick)).map(async (name) => ({
      name,
      bytes: await readFile(join(stick, name)),
    })),
  )
  const [large, ...others] = files.toSorted((a, b) => b.bytes.length - a.bytes.length)
  const { name, bytes } = large!
  t.equal(others.length, 1, 'and the keys for all')
  await rm(join(stick, name))
  const frames = framesOf(bytes)
  const header = bytes.subarray(0, COURIER_HEADER_BYTES)
  const put = async (as: string, made: Uint8Array): Promise<void> => {
    await writeFile(join(stick, `${as}.courier`), made)
    await bravo.importFrom(stick)
    await rm(join(stick, `${as}.courier`))
  }
  t.ok(frames.length >= 4, `${frames.length} frames`)
  const outcomes: string[] = []
  for (const [as, made] of Object.entries({
    reversed: concatBytes(header, ...frames.toReversed()),
    'first frame altered': bent(bytes, COURIER_HEADER_BYTES + 9),
    'salt altered': bent(bytes, 9),
    'header alone': header,
    'half a frame': bytes.subarray(0, COURIER_HEADER_BYTES + 2_000),
    empty: new Uint8Array(0),
  })) {
    await put(as, made)
    if ((await bravo.reads()).length > 0) outcomes.push(as)
  }
  t.strictSame(outcomes, [], 'of these nothing is taken')

  await put('altered in the middle', bent(bytes, bytes.length - 5_000))
  const before = (await bravo.reads()).length
  await put('cut', bytes.subarray(0, -1))
  await put('repeated at the end', concatBytes(bytes, frames[0]!))
  await put('renamed', bytes)
  await put('renamed again', bytes)

  t.strictSame(await bravo.reads(), texts.toSorted())
  t.ok(before <= texts.length)
  const records = await bravo.records('courier imported')
  for (const attack of ['stickNotOurs', 'stickAltered', 'stickCut'] as const)
    t.ok(isNamed({ records, log: bravo.log }, attack), attack)
  const named = bravo.log.named('courier.refused')
  const reasons = new Set(named.map(({ facts }) => String(facts['reason'])))
  t.strictSame(
    [...reasons].toSorted((a, b) => (a < b ? -1 : 1)),
    ['does not open', 'malformed', 'not authentic', 'truncated'],
  )
  t.ok((await bravo.audited('courier imported')).some((entry) => entry.startsWith('refused')))
})

test('a stick full of traps costs little and hides nothing', { timeout: 60_000 }, async (t) => {
  const { alpha, bravo } = await aPair(t)
  const stick = await aFolder(t)
  await alpha.say('among traps')
  await alpha.exportTo(stick)
  const at = (name: string): string => join(stick, name)
  await writeFile(at('0 sparse.courier'), concatBytes(bytesFromText('hfcour01'), seedOf('sparse')))
  await truncate(at('0 sparse.courier'), 5_000_000_000)
  await mkdir(at('0 folder.courier'))
  await symlink('/dev/zero', at('0 zero.courier'))
  await symlink(stick, at('0 circle.courier'))
  execFileSync('mkfifo', [at('0 pipe.courier')])
  await writeFile(at('0 text.courier'), 'A courier file? Certainly not.')

  const report = await bravo.importFrom(stick)

  t.strictSame(await bravo.reads(), ['among traps'])
  t.strictSame(Object.fromEntries(report.refused.map(({ reason, count }) => [reason, count])), {
    'too large': 1,
    'not a file': 4,
    malformed: 1,
  })
  for (const reason of ['too large', 'not a file', 'malformed'])
    t.ok(
      bravo.log.named('courier.refused').some(({ facts }) => facts['reason'] === reason),
      reason,
    )
  const entries = await bravo.audited('courier imported')
  t.ok(
    entries.some((entry) => entry.startsWith('refused')),
    entries.join(),
  )
})

test('of very many files not all are opened', { timeout: 120_000 }, async (t) => {
  const { alpha, bravo } = await aPair(t)
  const stick = await aFolder(t)
  await alpha.exportTo(stick)
  for (let at = 0; at < FILES; at += 1) closeSync(openSync(join(stick, `${at}.courier`), 'w'))

  const report = await bravo.importFrom(stick)

  const count = (reason: string): number =>
    report.refused.find((one) => one.reason === reason)?.count ?? 0
  t.equal(count('malformed') + report.files + count('too many files'), FILES + 2)
  t.ok(count('malformed') + report.files === 4_096, `${count('malformed')} were opened`)
})

test('a link on the stick leads nowhere, neither for reading nor for writing', async (t) => {
  const { alpha } = await aPair(t)
  const [stick, elsewhere] = [await aFolder(t), await aFolder(t)]
  await mkdir(join(elsewhere, 'inner'))
  await symlink(elsewhere, join(stick, 'holdfast'))

  for (const folder of [join(stick, 'holdfast'), join(stick, 'holdfast', 'inner')])
    for (const deed of [alpha.exportTo, alpha.importFrom])
      await t.rejects(deed(folder), { code: 'INPUT_INVALID', facts: { field: 'folder' } })
  t.strictSame(await readdir(elsewhere), ['inner'])
  t.strictSame(await readdir(join(elsewhere, 'inner')), [])
})

test('a member who keeps no rule gets nothing through a stick but what it could send anyway', async (t) => {
  const { bravo } = await aPair(t, [...people, mallory])
  const stick = await aFolder(t)
  const insider = anInsider(mallory, { knows: people })
  const bomb = insider.seal('directory', new Uint8Array(30_000_000))
  const lies = [bomb, new Uint8Array(60_000), Uint8Array.of(2), bytesFromText('another thing')]
  const { secret } = firstEpoch(SUITE_NACL, organisation.id, organisationSecret)
  const writer = writeCourierFile(SUITE_NACL, { secret, salt: seedOf('an insider') })
  await writeFile(join(stick, 'lies.courier'), concatBytes(...lies.map(writer.add), writer.end()))
  await writeFile(join(stick, 'greedy.courier'), rawFile(secret, new Uint8Array(4_080).fill(255)))
  await writeFile(join(stick, 'endless.courier'), rawFile(secret, Uint8Array.of(0, 0, 1)))
  const before = process.memoryUsage.rss()

  const report = await bravo.importFrom(stick)

  t.match(report, { files: 3, envelopes: 0 })
  t.strictSame(
    report.refused.map(({ what, reason, count }) => `${what} ${reason} ${count}`).toSorted(),
    ['envelope malformed 4', 'file malformed 2'],
  )
  t.ok(process.memoryUsage.rss() - before < 100_000_000, 'nothing is blown up')
  await isRefused(t, bravo, 'malformed', 2)
})

test('nothing on a stick can be read, and no two files have anything to do with each other', async (t) => {
  const { alpha } = await aPair(t)
  const [one, two] = [await aFolder(t), await aFolder(t)]
  await alpha.say('the bridge at noon')
  await alpha.exportTo(one)
  await alpha.exportTo(two)
  const content = Buffer.concat([...(await filesOf(one)), ...(await filesOf(two))])
  const [square] = await alpha.node.channelsOf(alpha.operator.id)
  const ids = [
    organisation.id,
    square!.id,
    alpha.operator.id,
    ...people.map(({ certificate }) => certificate.node),
  ]
  const secrets = [
    ...ids.flatMap((id) => [bytesFromId(id), bytesFromText(id)]),
    ...['bridge', 'operator', 'alpha', 'bravo', 'Relief', 'town-square'].map(bytesFromText),
    ...people.map(({ certificate }) => certificate.signingKey),
  ]

  for (const secret of secrets) t.equal(content.indexOf(secret), -1)
  const files = [...(await filesOf(one)), ...(await filesOf(two))]
  for (const [at, file] of files.entries())
    for (const other of files.slice(at + 1))
      t.strictSame(sharedWindows(file.subarray(8), other.subarray(8)), [])
  const names = [...(await readdir(one)), ...(await readdir(two))]
  for (const name of names) t.match(name, /^[0-9a-f]{16}\.courier$/)
  t.equal(new Set(names).size, names.length)
  for (const file of files) t.equal(file.length % COURIER_FRAME_BYTES, COURIER_HEADER_BYTES)
})

test('a stick that is taken out and put elsewhere under other names is the same stick', async (t) => {
  const { alpha } = await aPair(t)
  const [stick, other] = [await aFolder(t), await aFolder(t)]
  await alpha.say('once')
  await alpha.exportTo(stick)
  for (const [at, name] of (await readdir(stick)).entries())
    await rename(join(stick, name), join(other, `DCIM000${at}.COURIER`))

  t.match(await alpha.exportTo(other), { files: 0 })
})

interface Three {
  readonly alpha: Kit
  readonly bravo: Kit
  readonly charlie: Kit
}

async function aPair(t: Test, knows = people): Promise<Three> {
  return {
    alpha: await aKit(t, 'alpha', { role: 'hub', knows }),
    bravo: await aKit(t, 'bravo', { knows }),
    charlie: await aKit(t, 'charlie', { knows }),
  }
}

/** A hub of another organisation. */
function aRival(t: Test): Promise<Kit> {
  const rival = anOrganisation('rival')
  const identity = rival.node('zulu', { number: 1, role: 'hub' })
  const roster = rival.roster(identity)
  const options = { organisationSecret: seedOf('rival secret'), roster, root: rival.root }
  return aKit(t, 'zulu', { identity, role: 'hub', options })
}

function refusal(reason: string, count: number): CourierReport['refused'] {
  return [{ what: 'file', reason, count }]
}

/** Whether this text stands anywhere in the store of a kit, which is not sealed in these tests. */
async function holds({ store }: Kit, text: string): Promise<boolean> {
  const entries = await store.list({ from: '', to: '\u{10ffff}' })
  return entries.some(([, value]) => Buffer.from(value).includes(text))
}

/** It stands in the log, and in the audit as a refused import. */
async function isRefused(t: Test, kit: Kit, reason: string, times: number): Promise<void> {
  const named = kit.log.named('courier.refused').filter(({ facts }) => facts['reason'] === reason)
  t.equal(named.length, times, `${reason} in the log`)
  const entries = await kit.audited('courier imported')
  t.ok(
    entries.some((entry) => entry.startsWith('refused')),
    entries.join(),
  )
}

function framesOf(file: Uint8Array): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = COURIER_HEADER_BYTES; at < file.length; at += COURIER_FRAME_BYTES)
    frames.push(file.subarray(at, at + COURIER_FRAME_BYTES))
  return frames
}

function bent(bytes: Uint8Array, at: number): Uint8Array {
  const made = Uint8Array.from(bytes)
  made[at] = (made[at] ?? 0) ^ 1
  return made
}

/** A file of one frame with this plaintext, rightly sealed. */
function rawFile(secret: Uint8Array, plain: Uint8Array): Uint8Array {
  const salt = seedOf(`raw ${plain.length}`)
  const header = concatBytes(bytesFromText('hfcour01'), salt)
  const purpose = { label: 'holdfast courier 1', length: 32 }
  const key = sealKey(SUITE_NACL, derive(SUITE_NACL, concatBytes(secret, salt), purpose))
  const bytes = new Uint8Array(4_080)
  bytes.set(plain)
  const nonce = Uint8Array.of(1, ...new Uint8Array(11))
  return concatBytes(header, seal(key, nonce, { bytes, bound: header }))
}

async function filesOf(folder: string): Promise<readonly Buffer[]> {
  return Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
}

/** Places of 6 equal bytes; by chance there is one in a thousand such pairs of files. */
function sharedWindows(one: Buffer, two: Buffer): readonly string[] {
  const windows = new Set<string>()
  for (let at = 0; at + 6 <= one.length; at += 1) windows.add(one.toString('latin1', at, at + 6))
  const shared: string[] = []
  for (let at = 0; at + 6 <= two.length; at += 1) {
    const window = two.toString('latin1', at, at + 6)
    if (windows.has(window)) shared.push(window)
  }
  return shared
}

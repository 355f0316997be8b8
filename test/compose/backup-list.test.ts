/** The list of files in a backup: what is missing is told at both ends, and a list that somebody else has made does no harm. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { packTar } from 'modern-tar'
import { test } from 'tap'
import type { HeldBlob } from '#app/carrying-types.ts'
import { must } from '#base/assert.ts'
import { openStoppedStore, writeBackup } from '#compose/backup.ts'
import { listedBlobs, openListReader, piecesOf } from '#compose/backup-list.ts'
import { restoreBackup } from '#compose/restore.ts'
import { put } from '../contracts/store.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { collectingLog } from '../support/log.ts'

const log = collectingLog()
const ABOUT = { node: 'a1b2', name: 'alpha', takenAt: 1_700_000_000_000 }

function held(name: string, more: Partial<HeldBlob> = {}): HeldBlob {
  const channel = { id: 'c'.repeat(26), kind: 'public', name: 'Ops' } as HeldBlob['channel']
  const about = { what: 'file', file: `${name}.pdf`, bytes: 7, channel, isShared: true } as const
  return { name, place: 'here', ...about, ...more }
}

async function aFolder(place: string): Promise<string> {
  const folder = join(place, 'alpha')
  for (const name of ['keys', 'blobs']) await mkdir(join(folder, name), { recursive: true })
  const names = ['organisation.json', 'certificate', 'keys/store.vault', 'keys/secrets', 'blobs/a1']
  for (const name of names) await writeFile(join(folder, name), 'x')
  await using store = await openLevelStore({ folder: join(folder, 'store'), log })
  await store.write([put('doc/1', '01')])
  return folder
}

test('a backup says what it lacks of what the node needs, and restoring it says so again', async (t) => {
  const place = t.testdir()
  const folder = await aFolder(place)
  const identity = await generateIdentity()
  const file = join(place, 'alpha.age')
  const all = [
    held('a1'),
    held('b2', { place: 'elsewhere' }),
    held('c3', { place: 'unknown', file: undefined }),
    held('d4', { place: 'nowhere', isShared: false }),
    held('e5', { place: 'here' }), // it came in meanwhile
    held('f6', { place: 'here' }), // it went away meanwhile
    held('9'.repeat(32), { file: '\u{1}'.repeat(4_000), place: 'nowhere' }),
  ]
  {
    await using store = await openStoppedStore(folder, log)
    const source = {
      dataFolder: folder,
      image: store.image,
      about: ABOUT,
      held: async () => {
        await writeFile(join(folder, 'blobs', 'e5'), 'late')
        return all
      },
    }
    const recipient = await identityToRecipient(identity)
    const { blobs, files } = await writeBackup(file, source, { recipient })
    t.equal(blobs, 2)
    t.equal(files?.listed, 7)
    t.strictSame(
      files?.missing.map((one) => [one.name.slice(0, 2), one.in, one.isShared]),
      [
        ['b2', 'bucket', true],
        ['c3', 'perhaps in the bucket', true],
        ['d4', 'nowhere', false],
        ['f6', 'nowhere', true],
        ['99', 'nowhere', true],
      ],
    )
  }
  const dataFolder = join(place, 'new')
  const { files } = await restoreBackup({ file, dataFolder, key: { identity }, log })

  t.strictSame((await readdir(join(dataFolder, 'blobs'))).toSorted(), ['a1', 'e5'])
  t.equal(files?.listed, 7)
  t.strictSame(
    files?.missing.map((one) => `${one.name.slice(0, 2)} ${one.in}`),
    ['b2 bucket', 'c3 perhaps in the bucket', 'd4 nowhere', 'f6 nowhere', '99 nowhere'],
  )
  t.match(files?.missing[0], { file: 'b2.pdf', bytes: 7, channel: { name: 'Ops' } })
  t.equal(files?.missing.at(-1)?.file?.length, 256)
})

test('a list is long without harm: pieces stay small, and all of it is read', async (t) => {
  const all = Array.from({ length: 2_500 }, (_, at) => held(`b${at}`))
  const reader = openListReader()
  const pieces = [...piecesOf(listedBlobs(all, new Set(['b0', 'b2499'])))]
  for (const piece of pieces) t.equal(await reader.take(once(piece)), true)

  t.equal(pieces.length, 3)
  // What a list says of a backup is not believed: what came counts.
  const report = must(reader.report(new Set(['b0', 'b1'])), 'there was a list')
  t.equal(report.listed, 2_500)
  t.equal(report.missing.length, 2_498)
  t.notOk(report.missing.some(({ name }) => name === 'b1'))
  t.equal(report.missing.at(-1)?.in, 'nowhere')
  t.equal(openListReader().report(new Set()), undefined)
  const empty = openListReader()
  for (const piece of piecesOf([])) t.equal(await empty.take(once(piece)), true)
  t.strictSame(empty.report(new Set()), { listed: 0, missing: [] })
})

test('a list that somebody else has made is refused when it is none, or too long', async (t) => {
  const place = t.testdir()
  const identity = await generateIdentity()
  const good = JSON.stringify(listedBlobs([held('a1')], new Set())[0])
  const hostile = [
    good, // no end of line
    '{"name":"a"}\n',
    `${good.replace('"here"', '"x"').replace('nowhere', 'on the moon')}\n`,
    `${good.replace('"bytes":7', '"bytes":-1')}\n`,
    `${good.replace('a1.pdf', 'x'.repeat(5_000))}\n`,
    `${good}\n`.repeat(1_001),
    `${' '.repeat(9_000)}${good}\n`,
    'x'.repeat(9_000_000),
    '[]\n',
    '\u{0}\n',
  ]

  for (const [at, body] of hostile.entries()) {
    const encrypter = new Encrypter()
    encrypter.addRecipient(await identityToRecipient(identity))
    const note = JSON.stringify({ format: 2, ...ABOUT })
    const tar = await packTar([
      { header: { name: 'backup.json', size: note.length, type: 'file' }, body: note },
      { header: { name: 'files/1', size: Buffer.byteLength(body), type: 'file' }, body },
    ])
    const file = join(place, `backup-${at}`)
    await writeFile(file, await encrypter.encrypt(tar))
    const restoring = { file, dataFolder: join(place, 'new'), key: { identity }, log }
    await t.rejects(restoreBackup(restoring), { message: /the list files.1/ }, String(at))
  }
  t.equal((await readdir(place)).filter((name) => !name.startsWith('backup-')).length, 0)
})

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

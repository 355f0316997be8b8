/** What FAT does to sticks, and what people do: nothing of others is touched, nothing is lost, nothing is there twice. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { lookAt, writeStickFile } from '#carriers/courier-stick.ts'
import { aKit, type Kit } from '../support/couriers.ts'
import { aFatStick, type FatChoice } from '../support/fat-stick.ts'
import { aFolder } from '../support/folders.ts'
import { anIdentity } from '../support/nodes.ts'

const people = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]

/** Headquarters and a kit with one stick between them, which is as it is in both. */
async function aScene(t: Test, choice: FatChoice = {}) {
  const stick = aFatStick(choice)
  const folder = await aFolder(t)
  const alpha = await aKit(t, 'alpha', { role: 'hub', knows: people, sticks: stick.disk })
  const bravo = await aKit(t, 'bravo', { knows: people, sticks: stick.disk })
  return { stick, folder, alpha, bravo }
}

async function exchange(kits: readonly Kit[], folder: string): Promise<void> {
  for (const kit of [...kits, ...kits]) {
    await kit.importFrom(folder)
    await kit.exportTo(folder)
  }
}

test('a name that ends a stick as Windows, DOS, or a repair gives it, is found again', async (t) => {
  const { folder, alpha, bravo } = await aScene(t)
  await alpha.say('one')
  await alpha.exportTo(folder)
  const names = (await readdir(folder)).toSorted()
  t.ok(names.every((name) => /^[0-9a-f]{16}\.courier$/.test(name)), 'names that any system can have') // prettier-ignore
  const others = ['012345~1.COU', 'FSCK0000.REC', 'FILE0001.CHK', '0123 (1).Courier']
  for (const [at, name] of names.entries())
    await rename(join(folder, name), join(folder, must(others[at], 'a name')))

  await bravo.importFrom(folder)
  t.strictSame(await bravo.reads(), ['one'])
})

test('what others have on the stick is left alone, and is nothing to tell of', async (t) => {
  const { folder, alpha, bravo } = await aScene(t)
  const foreign = ['._0123456789abcdef.courier', 'FSCK0001.REC', 'FILE0002.CHK', 'note.txt', 'a.part', '.x.part', '01234567.par'] // prettier-ignore
  for (const name of foreign) await writeFile(join(folder, name), `of others: ${name}`)
  await mkdir(join(folder, 'System Volume Information'))
  await alpha.say('one')
  await alpha.exportTo(folder)

  t.match(await bravo.importFrom(folder), { refused: [] })
  t.strictSame(await bravo.reads(), ['one'])
  for (const name of foreign)
    t.equal(await readFile(join(folder, name), 'utf8'), `of others: ${name}`)
})

test('what has the name already stays what it is, in whatever capitals', async (t) => {
  const folder = await aFolder(t)
  const { disk } = aFatStick()
  await writeFile(join(folder, '.AAAAAAAAAAAAAAAA.PART'), 'of others')

  const file = { folder, name: 'a'.repeat(16), bytes: new Uint8Array(100) }
  await t.rejects(writeStickFile(disk, file), {
    code: 'INPUT_INVALID',
    facts: { found: 'something else of the same name' },
  })
  t.equal(await readFile(join(folder, '.AAAAAAAAAAAAAAAA.PART'), 'utf8'), 'of others')
})

test('a stick that knows only names of 8.3 serves as any other', async (t) => {
  const { folder, alpha, bravo } = await aScene(t, { isShort: true })
  await alpha.say('one')
  await bravo.say('two')
  await exchange([alpha, bravo], folder)

  for (const kit of [alpha, bravo]) t.strictSame(await kit.reads(), ['one', 'two'])
  t.ok((await readdir(folder)).every((name) => /^[0-9a-f]{8}\.cou$/.test(name)))
  const again = await alpha.exportTo(folder)
  t.equal(again.files, 0, 'it is the same stick')
})

test('a root that is full is told as a stick that is full; the rest goes onto another', async (t) => {
  const { stick, folder, alpha, bravo } = await aScene(t, { namesMax: 1 })
  await alpha.say('one')
  await alpha.exportTo(folder).catch(() => undefined)
  await alpha.say('two')
  await t.rejects(alpha.exportTo(folder), { code: 'STICK_FULL' })

  stick.change({ namesMax: 512 })
  const other = await aFolder(t)
  await alpha.exportTo(other)
  await bravo.importFrom(other)
  t.strictSame(await bravo.reads(), ['one', 'two'])
})

test('a stick that cannot be written to is read, and says why it is not written to', async (t) => {
  const { stick, folder, alpha, bravo } = await aScene(t)
  await alpha.say('one')
  await alpha.exportTo(folder)
  stick.change({ isReadOnly: true })
  const before = await readdir(folder)

  await bravo.importFrom(folder)
  t.strictSame(await bravo.reads(), ['one'])
  await bravo.say('two')
  await t.rejects(bravo.exportTo(folder), {
    code: 'INPUT_INVALID',
    facts: {
      found: 'a stick that cannot be written to',
      wanted: 'a folder that can be written to',
    },
  })
  t.strictSame(await readdir(folder), before)
  stick.change({})
  await bravo.exportTo(folder)
  await alpha.importFrom(folder)
  t.strictSame(await alpha.reads(), ['one', 'two'])
})

test('a folder that can be read only in part gives what it gives, and gets nothing', async (t) => {
  const { stick, folder, alpha, bravo } = await aScene(t)
  await alpha.say('one')
  await alpha.exportTo(folder)
  const sound = (await readdir(folder)).length
  stick.change({ namesReadable: sound - 1 })

  t.match(await bravo.importFrom(folder), { refused: [{ reason: 'unreadable', count: 1 }] })
  await t.rejects(bravo.exportTo(folder), {
    code: 'INPUT_INVALID',
    facts: { found: 'a stick that does not answer' },
  })
  stick.change({ namesReadable: 0 })
  await t.rejects(bravo.importFrom(folder), {
    code: 'INPUT_INVALID',
    facts: { found: 'a stick that does not answer' },
  })
  stick.change({})
  await exchange([bravo, alpha], folder)
  t.strictSame(await bravo.reads(), ['one'])
})

test('a stick that is pulled out at any moment of an export or an import loses nothing', async (t) => {
  const { stick, alpha, bravo } = await aScene(t)
  const all: string[] = []
  for (const deed of ['export', 'import'] as const)
    for (let steps = 0, isOver = false; !isOver; steps += 1) {
      const folder = await aFolder(t)
      all.push(`${deed} ${steps}`)
      await alpha.say(`${deed} ${steps}`)
      if (deed === 'import') await alpha.exportTo(folder)
      stick.pullAfter(steps)
      const did = await (
        deed === 'export' ? alpha.exportTo(folder) : bravo.importFrom(folder)
      ).catch(() => undefined)
      stick.pullAfter(undefined)
      isOver = did !== undefined && did.refused.length === 0
      await alpha.exportTo(folder)
      await bravo.importFrom(folder)
      const isWhole = (await readdir(folder)).every((name) => name.endsWith('.courier'))
      const has = await bravo.reads()
      if (!isWhole || has.join() !== all.toSorted().join())
        t.fail(`${deed} ${steps}: ${has.length}`)
      if (steps > 100) throw new Error('it never goes through')
    }
  t.ok(all.length > 10, `${all.length} times`)
})

test('once a stick is gone, nothing is put into the empty folder that it leaves', async (t) => {
  const folder = await aFolder(t)
  let medium = 'stick'
  const disk = {
    ...SYSTEM_STICKS,
    mediumOf: async () => medium,
    create: async (...file: Parameters<typeof SYSTEM_STICKS.create>) => {
      medium = 'the disk of the machine'
      await SYSTEM_STICKS.create(...file)
    },
  }
  const kit = await aKit(t, 'bravo', { knows: people, sticks: disk })
  await kit.say('one')

  await t.rejects(kit.exportTo(folder), {
    code: 'INPUT_INVALID',
    facts: { found: 'a stick that does not answer' },
  })
  t.strictSame(await readdir(folder), [])
  t.match(await lookAt(disk, folder), { files: [] })
})

/** What every disk of a stick owes, whatever it is made of. Run against each adapter. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import type { StickDisk } from '#ports/stick.ts'

/** Where a stick is found, empty. */
export interface StickRig {
  readonly disk: StickDisk
  readonly folder: string
}

/** Runs the contract as tests of this file. */
export function stickContract(name: string, open: (t: Test) => Promise<StickRig>): void {
  const part = (what: string, check: (t: Test, rig: StickRig) => Promise<void>): void =>
    void test(`${name}: ${what}`, async (t) => check(t, await open(t)))

  part('what was put there is found and read, and no further than its end', readsBack)
  part('a name that is taken is not written over', takesNoName)
  part('a file takes another name, and the place of what was there', renames)
  part('what is taken away is gone, and what is not there is no error', removes)
  part('what is no folder, and what is no file, is told', tells)
}

async function readsBack(t: Test, { disk, folder }: StickRig): Promise<void> {
  await disk.assertFolder(folder)
  await disk.create(folder, 'one', bytesFromText('0123456789'))
  await disk.create(folder, 'two', new Uint8Array(0))
  await disk.sync(folder)

  t.strictSame(await namesOf(disk, folder), ['one', 'two'])
  const file = await disk.open(folder, 'one')
  if (typeof file === 'string') return void t.fail(file)
  t.equal(file.size, 10)
  t.equal(textFromBytes(await file.read(0, 4)), '0123')
  t.equal(textFromBytes(await file.read(7, 4)), '789')
  t.equal((await file.read(10, 4)).length, 0)
  await file.close()
}

async function takesNoName(t: Test, { disk, folder }: StickRig): Promise<void> {
  await disk.create(folder, 'one', bytesFromText('first'))

  await t.rejects(disk.create(folder, 'one', bytesFromText('second')), { code: 'EEXIST' })

  t.equal(await contentOf(disk, folder, 'one'), 'first')
}

async function renames(t: Test, { disk, folder }: StickRig): Promise<void> {
  await disk.create(folder, 'one', bytesFromText('first'))
  await disk.create(folder, 'two', bytesFromText('second'))

  await disk.rename(folder, 'one', 'two')

  t.strictSame(await namesOf(disk, folder), ['two'])
  t.equal(await contentOf(disk, folder, 'two'), 'first')
  await t.rejects(disk.rename(folder, 'one', 'three'), { code: 'ENOENT' })
}

async function removes(t: Test, { disk, folder }: StickRig): Promise<void> {
  await disk.create(folder, 'one', bytesFromText('first'))

  await disk.remove(folder, 'one')
  await disk.remove(folder, 'one')

  t.strictSame(await namesOf(disk, folder), [])
}

async function tells(t: Test, { disk, folder }: StickRig): Promise<void> {
  const gone = `${folder}-gone`

  await t.rejects(disk.assertFolder(gone), { code: 'INPUT_INVALID', facts: { field: 'folder' } })
  await t.rejects(disk.assertFolder('relative'), { code: 'INPUT_INVALID' })
  await t.rejects(namesOf(disk, gone), { code: 'ENOENT' })
  await t.rejects(disk.create(gone, 'one', new Uint8Array(1)), { code: 'ENOENT' })
  t.equal(await disk.open(folder, 'gone'), 'unreadable')
}

async function namesOf(disk: StickDisk, folder: string): Promise<readonly string[]> {
  const names: string[] = []
  for await (const name of disk.names(folder)) names.push(name)
  return names.toSorted()
}

async function contentOf(disk: StickDisk, folder: string, name: string): Promise<string> {
  const file = await disk.open(folder, name)
  const { size, read, close } = must(typeof file === 'string' ? undefined : file, 'it is there')
  const bytes = await read(0, size)
  await close()
  return textFromBytes(bytes)
}

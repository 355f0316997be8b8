import { execFileSync } from 'node:child_process'
import { mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { COURIER_FILE_BYTES_MAX, COURIER_FILES_MAX } from '#base/limits.ts'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import {
  clearUnfinished,
  lookAt,
  partsOf,
  writeStickFile,
  type NewStickFile,
  type StickFile,
} from '#carriers/courier-stick.ts'
import { must } from '#base/assert.ts'
import { aFolder } from '../support/folders.ts'
import { seedOf } from '../support/nodes.ts'

const bytes = fileOf('one', 3)

test('a file is written whole under its name, and nothing else is left', async (t) => {
  const folder = await aFolder(t)

  await writeStickFile(SYSTEM_STICKS, { folder, name: '0123456789abcdef', bytes })

  t.strictSame(await readdir(folder), ['0123456789abcdef.courier'])
  t.match(await lookAt(SYSTEM_STICKS, folder), { files: [{ size: bytes.length }], refused: [] })
})

test('a folder that cannot be written to says so, and a name that is taken is left alone', async (t) => {
  const folder = await aFolder(t)
  await symlink('/etc/passwd', join(folder, '.aaaaaaaaaaaaaaaa.part'))

  const wanted = { code: 'INPUT_INVALID', facts: { field: 'folder' } }
  await t.rejects(write({ folder: join(folder, 'gone'), name: 'a', bytes }), wanted)
  await t.rejects(write({ folder, name: 'aaaaaaaaaaaaaaaa', bytes }), wanted)
})

test('whatever else lies there is counted and left alone', async (t) => {
  const folder = await aFolder(t)
  const put = (name: string, content: Uint8Array): Promise<void> =>
    writeFile(join(folder, name), content)
  await put('good.courier', bytes)
  await put('photo.jpg', bytes)
  await put('other.courier', Buffer.from('not one of ours, whatever its name says it is'))
  await put('newer.courier', Buffer.concat([Buffer.from('hfcour02'), bytes.subarray(8)]))
  await put('short.courier', bytes.subarray(0, 4_000))
  await put('sparse.courier', fileOf('sparse', 1))
  await truncate(join(folder, 'sparse.courier'), 5_000_000_000)
  await mkdir(join(folder, 'folder.courier'))
  await symlink(join(folder, 'good.courier'), join(folder, 'link.courier'))
  execFileSync('mkfifo', [join(folder, 'pipe.courier')])

  const { files, refused } = await lookAt(SYSTEM_STICKS, folder)

  t.strictSame(
    files.map(({ name }) => name),
    ['good.courier'],
  )
  t.strictSame(Object.fromEntries(refused.map(({ reason, count }) => [reason, count])), {
    malformed: 1,
    'unknown version': 1,
    truncated: 1,
    'too large': 1,
    'not a file': 3,
  })
})

test('no more than so many files are opened', async (t) => {
  const folder = await aFolder(t)
  for (let at = 0; at < COURIER_FILES_MAX + 100; at += 1)
    await writeFile(join(folder, `${at}.courier`), '')

  const { files, refused } = await lookAt(SYSTEM_STICKS, folder)

  t.strictSame(files, [])
  t.strictSame(
    refused.toSorted((a, b) => a.count - b.count),
    [
      { what: 'file', reason: 'too many files', count: 100 },
      { what: 'file', reason: 'malformed', count: COURIER_FILES_MAX },
    ],
  )
})

test('a file is read frame by frame; what is not a whole frame ends it', async (t) => {
  const folder = await aFolder(t)
  const cut = fileOf('cut', 40).subarray(0, 40 + 39 * 4_096 + 7)
  await writeFile(join(folder, 'whole.courier'), fileOf('whole', 40))
  await writeFile(join(folder, 'cut.courier'), cut)
  const { files } = await lookAt(SYSTEM_STICKS, folder)
  const kinds = async (size: number): Promise<string> => {
    const file = must(
      files.find((one) => one.size === size),
      'it is there',
    )
    return summary(file)
  }

  t.equal(await kinds(40 + 40 * 4_096), 'header 40, frame 163840')
  t.equal(await kinds(cut.length), 'header 40, frame 159744, truncated')
})

test('a file that goes away, or becomes something else, while it is read is unreadable', async (t) => {
  const folder = await aFolder(t)
  const gone: StickFile = { folder, name: 'gone', id: '', size: COURIER_FILE_BYTES_MAX }

  t.equal(await summary(gone), 'unreadable')
  await symlink('/etc/passwd', join(folder, gone.name))
  t.equal(await summary(gone), 'unreadable')
})

test('a write goes on when another node takes its unfinished file for one that was interrupted', async (t) => {
  const folder = await aFolder(t)
  const large = new Uint8Array(16_000_000)
  large.set(bytes)

  const writing = writeStickFile(SYSTEM_STICKS, {
    folder,
    name: '0123456789abcdef',
    bytes: large,
  })
  let cleared = 0
  for (let look = 0; look < 1_000 && cleared === 0; look += 1) {
    const isUnfinished = (await readdir(folder)).some((name) => name.endsWith('.part'))
    if (!isUnfinished) continue
    await clearUnfinished(SYSTEM_STICKS, folder)
    cleared += 1
  }

  t.equal(cleared, 1, 'it was taken away while it was written')
  await t.resolves(writing)
  t.strictSame(await readdir(folder), ['0123456789abcdef.courier'])
  t.match(await lookAt(SYSTEM_STICKS, folder), { files: [{ size: large.length }] })
})

test('a stick that is gone when it is to be cleared is told in words', async (t) => {
  const folder = await aFolder(t)

  await t.rejects(clearUnfinished(SYSTEM_STICKS, join(folder, 'gone')), {
    code: 'INPUT_INVALID',
    facts: { field: 'folder', found: 'nothing of this name' },
  })
})

test('what an interrupted write left is taken away, and nothing else', async (t) => {
  const folder = await aFolder(t)
  const names = ['.0123456789abcdef.part', '.mine.part', '0123456789abcdef.part', 'x.courier']
  for (const name of names) await writeFile(join(folder, name), '')

  await clearUnfinished(SYSTEM_STICKS, folder)

  t.strictSame((await readdir(folder)).toSorted(), names.slice(1).toSorted())
})

function write(file: NewStickFile): Promise<void> {
  return writeStickFile(SYSTEM_STICKS, file)
}

/** A file with the outside of a courier file. */
function fileOf(name: string, frames: number): Uint8Array {
  return Buffer.concat([Buffer.from('hfcour01'), seedOf(name), Buffer.alloc(frames * 4_096, 7)])
}

async function summary(file: StickFile): Promise<string> {
  const sums = new Map<string, number>()
  const ends: string[] = []
  for await (const part of partsOf(SYSTEM_STICKS, file)) {
    if (part.kind === 'broken') ends.push(part.reason)
    else sums.set(part.kind, (sums.get(part.kind) ?? 0) + part.bytes.length)
  }
  return [...[...sums].map(([kind, length]) => `${kind} ${length}`), ...ends].join(', ')
}

/** The tray: what lies in it, what comes into it, and that nothing leads out of it. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { COURIER_ARRIVALS_MAX, COURIER_FILE_BYTES_MAX } from '#base/limits.ts'
import { openTray } from '#carriers/courier-tray.ts'
import { aFolder } from '../support/folders.ts'

const NAME = '0123456789abcdef.courier'

test('files of the courier are listed and read, and nothing else is', async (t) => {
  const base = await aFolder(t)
  await mkdir(join(base, 'tray', 'old'), { recursive: true })
  const tray = await openTray(join(base, 'tray'))
  t.strictSame(await readdir(base), [], 'what was left from before has gone')
  const folder = await tray.fill(async (path) => path)
  await writeFile(join(folder, NAME), 'sealed')
  await writeFile(join(folder, 'other.txt'), 'secret')
  await symlink(join(folder, 'other.txt'), join(folder, 'fedcba9876543210.courier'))

  t.strictSame(await tray.files(), [{ name: NAME, bytes: 6 }])
  t.equal(await text(Readable.from(must(await tray.read(NAME), 'it is there'))), 'sealed')
  for (const name of ['other.txt', '../out/other.txt', 'fedcba9876543210.courier', ''])
    t.equal(await tray.read(name), undefined, name)
  await tray.clear()
  t.strictSame(await tray.files(), [])
})

test('who packs while another packs waits for them, and empties nothing under their hands', async (t) => {
  const tray = await openTray(join(await aFolder(t), 'tray'))
  const pack = (name: string) =>
    tray.fill(async (folder) => {
      await setImmediate()
      await writeFile(join(folder, name), 'sealed')
      return tray.files()
    })
  const others = ['1'.repeat(16), '2'.repeat(16)].map((name) => `${name}.courier`)
  const [first, emptied, second] = [pack(others[0] ?? ''), tray.clear(), pack(others[1] ?? '')]

  t.strictSame(await first, [{ name: others[0], bytes: 6 }])
  await emptied
  t.strictSame(await second, [{ name: others[1], bytes: 6 }])
  t.strictSame(await tray.files(), [{ name: others[1], bytes: 6 }])
})

test('a file that is brought lies alone in a folder until the work with it is over', async (t) => {
  const base = await aFolder(t)
  const tray = await openTray(join(base, 'tray'))
  const seen: string[] = []
  const work = async (folder: string): Promise<string> => {
    seen.push(...(await readdir(folder)))
    return folder
  }

  const folder = await tray.receive(Readable.from([Buffer.from('sealed')]), work)

  t.strictSame(seen, ['0000000000000000.courier'])
  await t.rejects(readdir(folder), { code: 'ENOENT' })
  const large = Readable.from(
    (function* () {
      for (let bytes = 0; bytes <= COURIER_FILE_BYTES_MAX; bytes += 1 << 24)
        yield Buffer.alloc(1 << 24)
    })(),
  )
  await t.rejects(tray.receive(large, work), { code: 'TOO_LARGE' })
  t.strictSame(await readdir(join(base, 'tray')), [])
})

test('so many files come at once and no more; one that is done makes room', async (t) => {
  const tray = await openTray(join(await aFolder(t), 'tray'))
  const hold = Promise.withResolvers<string>()
  const bring = (work: () => Promise<string>) => tray.receive(Readable.from([]), work)
  const all = Array.from({ length: COURIER_ARRIVALS_MAX }, () => bring(() => hold.promise))

  await t.rejects(
    bring(async () => 'done'),
    { code: 'TOO_MANY_REQUESTS' },
  )
  hold.resolve('done')
  await Promise.all(all)
  t.equal(await bring(async () => 'done'), 'done')
})

import { spawnSync } from 'node:child_process'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { Blobs } from '#ports/blobs.ts'
import { openBlobFolder } from '#storage/blob-folder.ts'
import { all, blobsContract, inParts, pattern } from '../contracts/blobs.ts'
import { aFolder } from '../support/folders.ts'
import type { FullBlobsReport } from '../support/full-blobs-program.ts'
import { seededRandom } from '../support/random.ts'

function open(folder: string, fill = 7): Promise<Blobs> {
  const key = new Uint8Array(32).fill(fill)
  return openBlobFolder({ folder, algorithm: 1, key, random: seededRandom(fill) })
}

test('a folder keeps the contract of blobs', (t) =>
  blobsContract(t, async () => open(await aFolder(t))))

test('with the other algorithm, too', (t) =>
  blobsContract(t, async () =>
    openBlobFolder({
      folder: await aFolder(t),
      algorithm: 2,
      key: new Uint8Array(32).fill(9),
      random: seededRandom(1),
    }),
  ))

test('neither names nor files show what is in them', async (t) => {
  const folder = await aFolder(t)
  const text = Buffer.from('the bridge is down '.repeat(100))
  const blob = await (await open(folder)).write(inParts(text, 64), text.length)
  const [name] = await readdir(folder)

  t.notMatch(must(name, 'there is a file'), blob.hash.slice(0, 8))
  t.notMatch((await readFile(join(folder, must(name, 'a file')))).toString('latin1'), 'bridge')
})

test('what was cut short by the end of the program is taken away at the next start', async (t) => {
  const folder = await aFolder(t)
  await writeFile(join(folder, '.new-0011'), 'half of it')

  await open(folder)

  t.strictSame(await readdir(folder), [])
})

/** Whether this system lets us mount a small file system of our own. */
function canMount(): boolean {
  const command = "unshare -rm sh -c 'mount -t tmpfs -o size=1m none /tmp'"
  return process.platform === 'linux' && spawnSync('sh', ['-c', command]).status === 0
}

test(
  'a disk that fills up while a file comes keeps nothing of it, and takes the next one that has room',
  { skip: canMount() ? false : 'needs leave to mount a tmpfs of its own' },
  async (t) => {
    const folder = await aFolder(t)
    const program = join(import.meta.dirname, '../support/full-blobs-program.ts')
    const inside = 'mount -t tmpfs -o size=1m none "$0" && exec "$1" "$2" "$0"'
    const words = ['-rm', 'sh', '-c', inside, folder, process.execPath, program]

    const { stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8' })

    t.equal(stderr, '')
    t.strictSame(JSON.parse(stdout) as FullBlobsReport, {
      refusals: ['STORE_FULL', 'STORE_FULL', 'STORE_FULL'],
      left: 1,
      whole: [true, true],
    })
  },
)

test('every changed byte is noticed, and another key opens nothing', async (t) => {
  const folder = await aFolder(t)
  const blobs = await open(folder)
  const blob = await blobs.write(inParts(pattern(150_000), 9_000), 150_000)
  const path = join(folder, must((await readdir(folder))[0], 'a file'))
  const sound = await readFile(path)
  for (const at of [0, 5, 17, 40_000, 65_569, sound.length - 1]) {
    const flipped = Buffer.from(sound)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    await writeFile(path, flipped)
    await t.rejects(all(blobs, blob.hash), { code: 'STORE_BROKEN' }, `byte ${at}`)
    t.equal(await blobs.check(blob.hash, async () => undefined), 'damaged')
  }
  for (const cut of [10, 65_569, sound.length - 1]) {
    await writeFile(path, sound.subarray(0, cut))
    await t.rejects(all(blobs, blob.hash), { code: 'STORE_BROKEN' }, `cut to ${cut}`)
    t.equal(await blobs.check(blob.hash, async () => undefined), 'damaged')
  }
  await blobs.write(inParts(pattern(150_000), 9_000), 150_000)
  t.equal(
    await blobs.check(blob.hash, async () => undefined),
    'sound',
    'a good one takes its place',
  )
  t.equal((await readdir(folder)).length, 1)
})

test('a file in the place of another does not open', async (t) => {
  const [folder, blobs] = await twoBlobs(t)
  const [one, two] = [
    await blobs.write(inParts(pattern(100), 10), 100),
    await blobs.write(inParts(pattern(101), 10), 101),
  ]
  const [first, second] = await readdir(folder)
  const [a, b] = [join(folder, must(first, 'one')), join(folder, must(second, 'two'))]
  await rename(a, `${a}.x`)
  await rename(b, a)
  await rename(`${a}.x`, b)

  await t.rejects(all(blobs, one.hash), { code: 'STORE_BROKEN' })
  await t.rejects(all(blobs, two.hash), { code: 'STORE_BROKEN' })
})

async function twoBlobs(t: Test): Promise<[string, Blobs]> {
  const folder = await aFolder(t)
  return [folder, await open(folder)]
}

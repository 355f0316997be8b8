/** Files that move to a bucket: a real client, and a server that checks what it signs. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { openFiles } from '#compose/files.ts'
import { realWorld } from '#compose/world.ts'
import { Config } from '#config/schema.ts'
import { must } from '#base/assert.ts'
import type { Blobs } from '#ports/blobs.ts'
import { openBlobBucket } from '#storage/blob-bucket.ts'
import { openBlobFolder, type BlobFolder } from '#storage/blob-folder.ts'
import { openS3Bucket } from '#storage/s3-bucket.ts'
import { all, blobsContract, inParts, pattern } from '../contracts/blobs.ts'
import { aFolder } from '../support/folders.ts'
import { collectingLog } from '../support/log.ts'
import { seededRandom } from '../support/random.ts'
import { anS3Server, S3_KEY, S3_REGION, type S3Server } from '../support/s3-server.ts'

interface Scene {
  readonly blobs: Blobs & AsyncDisposable
  readonly folder: string
  readonly server: S3Server
  readonly log: ReturnType<typeof collectingLog>
  /** All that waits is moved, or was tried once. */
  readonly settled: () => Promise<void>
  /** Time passes. */
  readonly pass: (ms: number) => void
}

async function folderAt(folder: string, number = 7): Promise<BlobFolder> {
  const key = new Uint8Array(32).fill(number)
  return openBlobFolder({ folder, algorithm: 1, key, random: seededRandom(1) })
}

/** A bucket whose mover goes on when it is told to. */
async function aScene(
  t: Test,
  { server: given, folder: at }: Partial<Pick<Scene, 'server' | 'folder'>> = {},
): Promise<Scene> {
  const server = given ?? (await anS3Server(t))
  const folder = at ?? (await aFolder(t))
  const log = collectingLog()
  const state = { ms: 0 }
  let wake = Promise.withResolvers<void>()
  let asleep = Promise.withResolvers<void>()
  const sleep = async (_: number, signal: AbortSignal): Promise<void> => {
    asleep.resolve()
    signal.addEventListener('abort', () => wake.resolve())
    await wake.promise
  }
  const { endpoint } = server
  const bucket = openS3Bucket({ endpoint, region: S3_REGION, prefix: 'kept/', ...S3_KEY })
  const blobs = openBlobBucket({
    folder: await folderAt(folder),
    bucket,
    log,
    clock: { sleep, monotonicMs: () => state.ms },
  })
  t.teardown(() => blobs[Symbol.asyncDispose]())
  await asleep.promise
  return {
    blobs,
    folder,
    server,
    log,
    pass: (ms) => {
      state.ms += ms
    },
    settled: async () => {
      const before = wake
      wake = Promise.withResolvers()
      asleep = Promise.withResolvers()
      before.resolve()
      await asleep.promise
    },
  }
}

test('a bucket behind a folder keeps the contract of blobs, also when all has moved', async (t) => {
  await blobsContract(t, async () => (await aScene(t)).blobs)
  await blobsContract(t, async () => {
    const { blobs, settled } = await aScene(t)
    return {
      ...blobs,
      write: async (source, bytesMax) => {
        const blob = await blobs.write(source, bytesMax)
        await settled()
        return blob
      },
    }
  })
})

test('a file is on the disk first, then in the bucket, where nobody sees what it is', async (t) => {
  const { blobs, folder, server, settled, pass } = await aScene(t)
  const text = Buffer.from('the bridge is down '.repeat(20_000))
  const { hash } = await blobs.write(inParts(text, 5_000), text.length)
  t.equal((await readdir(folder)).length, 1)
  await settled()

  t.strictSame(await readdir(folder), [])
  const [stored] = [...server.objects]
  const [name, object] = must(stored, 'it is there')
  t.match(name, /^kept\/[0-9a-f]{32}$/)
  t.notOk(name.includes(hash.slice(0, 8)) || object.includes('bridge'))
  t.ok(text.equals(await all(blobs, hash)))
  t.ok(text.subarray(70_000, 70_010).equals(await all(blobs, hash, { from: 70_000, to: 70_010 })))
  t.equal(server.refused(), 0)

  t.equal((await readdir(folder)).length, 1, 'what is read is brought back')
  t.equal(await blobs.isAtHand?.(hash), true)
  await settled()
  t.equal((await readdir(folder)).length, 1)
  pass(600_001)
  await settled()
  t.strictSame(await readdir(folder), [], 'and goes when nobody reads it any more')
  t.equal(await blobs.isAtHand?.(hash), false)

  object[object.length - 30] = (object.at(-30) ?? 0) ^ 1
  await t.rejects(all(blobs, hash), { code: 'STORE_BROKEN' })
})

test('while the bucket is away files stay, and nothing is lost when it comes back wrong', async (t) => {
  const { blobs, folder, server, log, settled } = await aScene(t)
  server.fail(true)
  const { hash } = await blobs.write(inParts(pattern(300_000), 5_000), 300_000)
  await settled()
  t.equal((await readdir(folder)).length, 1)
  t.match(log.named('bucket.away'), [{ level: 'warn' }])
  t.ok(pattern(300_000).equals(await all(blobs, hash)))

  server.fail(false)
  const put = server.objects.set.bind(server.objects)
  server.objects.set = (key, bytes) => put(key, bytes.subarray(1))
  await settled()
  t.equal((await readdir(folder)).length, 1, 'what is not the same there stays here')
  server.objects.set = put
  await settled()
  t.strictSame(await readdir(folder), [])
  const asked = new Set([hash, 'ab'.repeat(32)])
  t.strictSame(await placesOf(blobs, asked), ['elsewhere', 'nowhere'])
  server.fail(true)
  await t.rejects(blobs.read(hash), { code: 'BUCKET_AWAY' })
  t.strictSame(await placesOf(blobs, asked), ['unknown', 'unknown'], 'nobody can say')
})

async function placesOf(blobs: Blobs, hashes: ReadonlySet<string>): Promise<readonly string[]> {
  return [...(await blobs.places(hashes)).values()].map(({ place }) => place)
}

/** Changes a byte of the only file of a folder. */
async function rot(folder: string): Promise<void> {
  const path = join(folder, must((await readdir(folder))[0], 'a file'))
  const bytes = await readFile(path)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await writeFile(path, bytes)
}

const noRest = async (): Promise<void> => undefined

test('what rots here is not put in the place of what the bucket has, and is brought from there again', async (t) => {
  const { blobs, folder, server, log, settled, pass } = await aScene(t)
  const text = pattern(300_000)
  const { hash } = await blobs.write(inParts(text, 5_000), text.length)
  await settled()
  const stored = () => Buffer.from(must([...server.objects.values()][0], 'it is there'))
  const good = stored()

  t.ok(text.equals(await all(blobs, hash)))
  await rot(folder)
  pass(600_001)
  await settled()
  await settled()
  t.ok(good.equals(stored()), 'after it was not read for a while')
  t.match(log.named('bucket.damaged'), [{ level: 'warn' }])
  t.strictSame(await readdir(folder), [])

  t.ok(text.equals(await all(blobs, hash)))
  await rot(folder)
  await t.rejects(all(blobs, hash), { code: 'STORE_BROKEN' })
  t.equal(await blobs.check(hash, noRest), 'sound')
  t.ok(text.equals(await all(blobs, hash)))
  t.ok(good.equals(stored()))
})

test('what is taken away while it is being brought stays away', async (t) => {
  const { blobs, folder, server, settled, pass } = await aScene(t)
  const { hash } = await blobs.write(inParts(pattern(300_000), 5_000), 300_000)
  await settled()
  const reading = blobs.read(hash)
  await blobs.remove(hash)
  t.equal(await reading, undefined)
  pass(600_001)
  await settled()
  t.strictSame(await readdir(folder), [])
  t.equal(server.objects.size, 0)
})

test('what rots before it has moved stays here until there is a good one; so it is with what rots there', async (t) => {
  const { blobs, folder, server, settled } = await aScene(t)
  const text = pattern(300_000)
  const { hash } = await blobs.write(inParts(text, 5_000), text.length)
  await rot(folder)
  await settled()
  t.equal(server.objects.size, 0)
  t.equal((await readdir(folder)).length, 1)
  t.equal(await blobs.check(hash, noRest), 'damaged')
  await blobs.write(inParts(text, 5_000), text.length)
  await settled()
  t.equal(server.objects.size, 1)
  t.ok(text.equals(await all(blobs, hash)))

  const [name, object] = must([...server.objects][0], 'it is there')
  const bad = Buffer.from(object)
  bad[100] = (bad[100] ?? 0) ^ 1
  server.objects.set(name, bad)
  await rot(folder)
  t.equal(await blobs.check(hash, noRest), 'damaged', 'both are')
  await blobs.write(inParts(text, 5_000), text.length)
  await settled()
  t.strictSame(await readdir(folder), [], 'the good one has moved')
  t.ok(text.equals(await all(blobs, hash)))
})

test('what is taken away goes from the bucket, too, also what a crash has left there', async (t) => {
  const scene = await aScene(t)
  const { blobs, server, folder, settled } = scene
  const kept = await blobs.write(inParts(pattern(50), 50), 50)
  const gone = await blobs.write(inParts(pattern(51), 51), 51)
  await settled()
  for (let number = 0; number < 7; number += 1)
    server.objects.set(`kept/${number}`, Buffer.from('x'))
  server.objects.set('other/1', Buffer.from('x'))
  await blobs.remove(gone.hash)
  t.equal(server.objects.size, 10)
  await settled()
  t.equal(server.objects.size, 9)
  await blobs[Symbol.asyncDispose]()

  const again = await aScene(t, { server, folder })
  await again.blobs.retain(new Set([kept.hash]))
  await again.settled()
  t.strictSame([...server.objects.keys()].filter((key) => key.length < 30), ['other/1']) // prettier-ignore
  t.equal((await all(again.blobs, kept.hash)).length, 50)
})

test('a wrong key moves nothing; the config names the file where the key is', async (t) => {
  const server = await anS3Server(t)
  const { endpoint } = server
  const bad = openS3Bucket({
    endpoint,
    region: S3_REGION,
    prefix: '',
    ...S3_KEY,
    secretAccessKey: 'x',
  })
  await t.rejects(bad.put('a', new Blob(['x'])))
  await t.rejects(bad.names())
  t.ok(server.refused() >= 2 && server.objects.size === 0)

  const folder = await aFolder(t)
  const accessKeyFile = join(folder, 'key')
  const config = Config.parse({ files: { bucket: { endpoint, region: S3_REGION, accessKeyFile } } })
  const world = realWorld('error')
  await using stack = new AsyncDisposableStack()
  const blobs = await folderAt(join(folder, 'blobs'))
  await t.rejects(openFiles(blobs, config, { world, stack }), { code: 'CONFIG_INVALID' })
  await writeFile(accessKeyFile, `${S3_KEY.accessKeyId}\n`)
  await t.rejects(openFiles(blobs, config, { world, stack }), { code: 'CONFIG_INVALID' })
  await writeFile(accessKeyFile, `${S3_KEY.accessKeyId}\n${S3_KEY.secretAccessKey}\n`)
  const opened = await openFiles(blobs, config, { world, stack })
  t.equal((await opened.write(inParts(pattern(5), 5), 5)).bytes, 5)
  t.equal(await openFiles(blobs, Config.parse({}), { world, stack }), blobs)
})

test('nodes share a bucket, and nobody takes away what another has put there', async (t) => {
  const server = await anS3Server(t)
  server.objects.set('accounts.db', Buffer.from('of somebody else'))
  const place = await aFolder(t)
  const accessKeyFile = join(place, 'key')
  await writeFile(accessKeyFile, `${S3_KEY.accessKeyId}\n${S3_KEY.secretAccessKey}\n`)
  const bucket = { endpoint: server.endpoint, region: S3_REGION, accessKeyFile }
  const config = Config.parse({ files: { bucket } })
  const real = realWorld('error')
  const world = { ...real, clock: { ...real.clock, sleep: async () => setImmediate() } }
  await using stack = new AsyncDisposableStack()
  const open = async (number: number): Promise<Blobs> => {
    const folder = await folderAt(join(place, `blobs-${number}`), number)
    return openFiles(folder, config, { world, stack })
  }
  const known = new Set(server.objects.keys())
  const moved = async (): Promise<string> => {
    for (;;) {
      const fresh = [...server.objects.keys()].find((name) => !known.has(name))
      if (fresh !== undefined) {
        known.add(fresh)
        return fresh
      }
      await setImmediate()
    }
  }
  const [one, other] = [await open(1), await open(2)]
  await one.write(inParts(pattern(50), 50), 50)
  const gone = await moved()
  const kept = await other.write(inParts(pattern(50), 50), 50)
  await moved()

  await one.retain(new Set())
  while (server.objects.has(gone)) await setImmediate()
  await one.write(inParts(pattern(51), 51), 51)
  await moved() // whatever was to go has gone before

  t.ok(server.objects.has('accounts.db'))
  t.ok(await other.read(kept.hash))
})

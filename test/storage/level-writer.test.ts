import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { openLevel, type TextToBytes } from '#storage/level-open.ts'
import { openLevelWriter } from '#storage/level-writer.ts'
import { codeOfFailure, put, remove } from '../contracts/store.ts'
import { collectingLog } from '../support/log.ts'
import type { FillReport } from '../support/store-program.ts'

const PROGRAM = join(import.meta.dirname, '../support/store-program.ts')

/** Runs the program that fills a disk, by a shell `command` in which `$0` is an empty folder and `$@` the program. */
function fill(t: Test, command: string, task: readonly number[]): FillReport {
  const folder = t.testdir()
  const program = [process.execPath, PROGRAM, 'fill', folder, ...task.map(String)]
  const { stdout, stderr } = spawnSync('sh', ['-c', command, folder, ...program], {
    encoding: 'utf8',
  })
  t.equal(stderr, '')
  return JSON.parse(stdout)
}

/** Whether this system lets us mount a small file system of our own. */
function canMount(): boolean {
  const command = "unshare -rm sh -c 'mount -t tmpfs -o size=1m none /tmp'"
  return process.platform === 'linux' && spawnSync('sh', ['-c', command]).status === 0
}

const LOST_NOTHING = { missing: [0, 0, 0], leaked: [0, 0, 0] }
const THREE_REFUSALS = ['STORE_FULL', 'STORE_FULL', 'STORE_FULL']

for (const [where, megabytes, valueBytes] of [
  ['the log', 15, 1500],
  ['a table', 18, 5000],
] as const)
  test(
    `a disk that fills up while ${where} is written refuses, and works on once there is room`,
    { skip: canMount() ? false : 'needs leave to mount a tmpfs of its own' },
    async (t) => {
      const ballast = 13_000_000
      const mount = `mount -t tmpfs -o size=${megabytes}m none "$0"`
      const command = `exec unshare -rm sh -c '${mount} && exec "$@"' "$0" "$@"`

      const report = fill(t, command, [valueBytes, ballast])

      t.match(report, { failuresBefore: THREE_REFUSALS, failuresAfter: [], ...LOST_NOTHING })
      t.ok(report.keptBefore > 100)
      t.equal(report.keptAfter, 300)
    },
  )

test(
  'a file that may not grow counts as full, and nothing acknowledged is lost',
  { skip: process.platform === 'win32' },
  async (t) => {
    const report = fill(t, 'ulimit -f 1100 && exec "$@"', [1500, 0])

    t.match(report, { failuresBefore: THREE_REFUSALS, ...LOST_NOTHING })
    t.ok(report.keptBefore > 100)
    t.ok(report.keptAfter > 200)
  },
)

type Step =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/** A database whose next batch fails as a failed sync does: unseen now, and in the log when it is opened again. */
function failingNext(db: TextToBytes, message: string): TextToBytes {
  let hasFailed = false
  let inLog: (() => Promise<void>) | undefined
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'batch')
        return async (steps: Step[], options: { readonly sync: boolean }): Promise<void> => {
          if (hasFailed) return target.batch(steps, options)
          hasFailed = true
          inLog = () => target.batch(steps, options)
          throw Object.assign(new Error(message), { code: 'LEVEL_IO_ERROR' })
        }
      if (name === 'open')
        return async (): Promise<void> => {
          await target.open()
          await inLog?.()
        }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a batch whose sync failed is taken back before anybody can read it', async (t) => {
  const folder = join(t.testdir(), 'store')
  const { db } = await openLevel(folder, collectingLog())
  await db.batch([
    { type: 'put', key: 'a', value: bytesFromText('old') },
    { type: 'put', key: 'b', value: bytesFromText('old') },
  ])
  const writer = openLevelWriter(
    failingNext(db, 'IO error: 000003.log: Input/output error'),
    folder,
    async () => void t.fail('nothing is damaged'),
  )

  const failure = writer.write([put('a', 'new'), remove('b'), put('c', 'new'), put('a', 'newer')])
  t.equal(await codeOfFailure(failure), 'STORE_BROKEN')
  t.equal(writer.isReadable(), true, 'reading goes on')
  await writer.write([put('d', 'next')])

  const entries = await writer.read((open) => open.iterator().all())
  t.strictSame(
    entries.map(([key, value]) => `${key}=${String(Buffer.from(value))}`),
    ['a=old', 'b=old', 'd=next'],
  )
  await writer.close()
})

test('failures are told apart by what the system said', async (t) => {
  for (const [message, code] of [
    ['IO error: 000003.log: No space left on device', 'STORE_FULL'],
    ['IO error: 000003.log: Disk quota exceeded', 'STORE_FULL'],
    ['IO error: 000003.log: File too large', 'STORE_FULL'],
    ['IO error: 000003.log: Read-only file system', 'STORE_BROKEN'],
  ] as const) {
    const folder = join(t.testdir(), 'store')
    const { db } = await openLevel(folder, collectingLog())
    const writer = openLevelWriter(
      failingNext(db, message),
      folder,
      async () => void t.fail('nothing is damaged'),
    )

    t.equal(await codeOfFailure(writer.write([put('a', '1')])), code, message)
    await writer.close()
  }
})

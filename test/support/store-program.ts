/**
 * A process that uses a level store and is treated badly: `write FOLDER` is killed, `fill FOLDER VALUE_BYTES
 * BALLAST_BYTES` runs out of room.
 * It tells on standard output, line by line, what the store has promised.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { codeOf } from '#base/errors.ts'
import type { Store, Write } from '#ports/store.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { collectingLog } from './log.ts'

/** What `fill` found out, as one line of JSON. */
export interface FillReport {
  /** Batches that were acknowledged, before there was no room and after there was again. */
  readonly keptBefore: number
  readonly keptAfter: number
  /** Codes of the failures: until there was room, and afterwards. */
  readonly failuresBefore: readonly string[]
  readonly failuresAfter: readonly string[]
  /** Acknowledged batches that could not be read: while full, once there was room, after the next start. */
  readonly missing: readonly number[]
  /** Refused batches of which something could be read, at the same three moments. */
  readonly leaked: readonly number[]
}

const FAILURES_WANTED = 3
const BATCHES_AFTER = 300
const BATCHES_MAX = 100_000

// Node ignores this signal, the test runner's hooks do not: a file that may not grow is to be an error.
process.on('SIGXFSZ', () => undefined)

const [task, folder = '', ...sizes] = process.argv.slice(2)
if (task === 'write') await writeForEver(folder)
if (task === 'fill') print(JSON.stringify(await fill(folder, Number(sizes[0]), Number(sizes[1]))))

/** Eight writers at once, each a batch of two keys after the other; `N` is printed once batch N is acknowledged. */
async function writeForEver(path: string): Promise<void> {
  const store = await openLevelStore({ folder: path, log: collectingLog() })
  const [newest] = await store.list({ from: 'a/', to: 'a0', reverse: true, limit: 1 })
  let next = newest === undefined ? 0 : Number(newest[0].slice(2)) + 1
  const writer = async (): Promise<void> => {
    for (;;) {
      const number = next
      next += 1
      await store.write(batch(number, 300))
      print(String(number))
    }
  }
  await Promise.all(Array.from({ length: 8 }, writer))
}

/** Fills the disk with values of `size` bytes, then removes a file of `ballastBytes` and goes on. */
async function fill(path: string, size: number, ballastBytes: number): Promise<FillReport> {
  const options = { folder: join(path, 'store'), log: collectingLog() }
  const ballast = join(path, 'ballast')
  writeFileSync(ballast, new Uint8Array(ballastBytes))
  const [kept, refused]: [number[], number[]] = [[], []]
  const failures: string[] = []
  let store = await openLevelStore(options)
  const attempt = async (number: number): Promise<void> => {
    try {
      await store.write(batch(number, size))
      kept.push(number)
    } catch (error) {
      refused.push(number)
      failures.push(codeOf(error) ?? String(error))
    }
  }
  const found: (readonly [number, number])[] = []
  const look = async (): Promise<void> => void found.push(await compare(store, { kept, refused }))

  let number = 0
  for (; failures.length < FAILURES_WANTED && number < BATCHES_MAX; number += 1)
    await attempt(number)
  const keptBefore = kept.length
  await look()

  rmSync(ballast)
  for (const end = number + BATCHES_AFTER; number < end; number += 1) await attempt(number)
  await look()

  await store[Symbol.asyncDispose]()
  store = await openLevelStore(options)
  await look()
  await store[Symbol.asyncDispose]()
  return {
    keptBefore,
    keptAfter: kept.length - keptBefore,
    failuresBefore: failures.slice(0, FAILURES_WANTED),
    failuresAfter: [...new Set(failures.slice(FAILURES_WANTED))],
    missing: found.map(([missing]) => missing),
    leaked: found.map(([, leaked]) => leaked),
  }
}

/** How many of the kept batches are missing, and of how many refused ones anything is there. */
async function compare(
  store: Store,
  batches: { readonly kept: readonly number[]; readonly refused: readonly number[] },
): Promise<readonly [missing: number, leaked: number]> {
  const has = (prefix: string, numbers: readonly number[]) =>
    store.getMany(numbers.map((number) => keyOf(prefix, number)))
  const kept = [await has('a', batches.kept), await has('b', batches.kept)]
  const refused = [await has('a', batches.refused), await has('b', batches.refused)]
  const missing = batches.kept.filter((number, at) =>
    kept.some((values) => !startsWith(values[at], number)),
  )
  const leaked = batches.refused.filter((_, at) => refused.some((values) => values[at]))
  const newest = await store.get('newest')
  const isNewest = startsWith(newest, batches.kept.at(-1) ?? -1)
  return [missing.length, leaked.length + (isNewest ? 0 : 1)]
}

function batch(number: number, size: number): readonly Write[] {
  const value = bytesFromText(`${number} ${'.'.repeat(size)}`)
  return [keyOf('a', number), keyOf('b', number), 'newest'].map((key) => ({ key, value }))
}

function keyOf(prefix: string, number: number): string {
  return `${prefix}/${String(number).padStart(9, '0')}`
}

function startsWith(value: Uint8Array | undefined, number: number): boolean {
  return value !== undefined && textFromBytes(value).startsWith(`${number} `)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

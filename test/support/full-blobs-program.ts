/** A file that comes while the disk fills up: `full-blobs-program FOLDER`. What became of it is one line of JSON. */
import { readdirSync } from 'node:fs'
import { codeOf } from '#base/errors.ts'
import { openBlobFolder } from '#storage/blob-folder.ts'
import { inParts, pattern } from '../contracts/blobs.ts'
import { seededRandom } from './random.ts'

/** What became of it. */
export interface FullBlobsReport {
  /** Codes of what was refused. */
  readonly refusals: readonly string[]
  /** Files in the folder after that. */
  readonly left: number
  /** Whether what was taken before and after is all there. */
  readonly whole: readonly boolean[]
}

const folder = process.argv[2] ?? ''
const key = new Uint8Array(32).fill(7)
const blobs = await openBlobFolder({ folder, algorithm: 1, key, random: seededRandom(1) })
const small = pattern(200_000)
const kept = await blobs.write(inParts(small, 10_000), small.length)
const large = pattern(3_000_000)
const refusals: string[] = []
for (let turn = 0; turn < 3; turn += 1)
  await blobs
    .write(inParts(large, 10_000), large.length)
    .then(() => refusals.push('none'))
    .catch((error: unknown) => refusals.push(codeOf(error) ?? String(error)))
const left = readdirSync(folder).length
const again = await blobs.write(inParts(small.subarray(1), 10_000), small.length)
const isWhole = async ({ hash }: { readonly hash: string }, wanted: Uint8Array): Promise<boolean> =>
  Buffer.concat(await Array.fromAsync((await blobs.read(hash)) ?? [])).equals(wanted)
const whole = [await isWhole(kept, small), await isWhole(again, small.subarray(1))]
process.stdout.write(`${JSON.stringify({ refusals, left, whole } satisfies FullBlobsReport)}\n`)

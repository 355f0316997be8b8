/** Readers of what a stick brings: a file by who has all keys, and a whole folder of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, hexFromBytes } from '#base/bytes.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { lookAt, partsOf } from '#carriers/courier-stick.ts'
import {
  COURIER_FRAME_BYTES,
  COURIER_HEADER_BYTES,
  openCourierFile,
  writeCourierFile,
} from '#codec/courier-file.ts'
import { derive, seal, sealKey, SUITES, type Suite } from '#trust/keys.ts'
import { seedOf } from '../../../test/support/organisation.ts'
import { seededRandom } from '../../../test/support/random.ts'
import type { Subject, Target } from '../target.ts'

/** Readers of courier files. */
export const COURIER_TARGETS: readonly Target[] = [
  ...SUITES.flatMap((suite) => [outside(suite), inside(suite)]),
  { name: 'courier-stick', open: openStick },
]

const [secret, salt] = [seedOf('epoch secret'), seedOf('courier salt')]

/** Some files, small and of several frames. */
function samplesOf(suite: Suite): readonly (readonly Uint8Array[])[] {
  const random = seededRandom(suite.number)
  return [[], [40], [4_000, 200, 90], [9_000, 60]].map((sizes) =>
    sizes.map((size) => random.bytes(size)),
  )
}

/** Each with its own salt, as frames of two files under one would fit together. */
function fileOf(suite: Suite, envelopes: readonly Uint8Array[]): Uint8Array {
  const own = envelopes.length === 0 ? salt : seedOf(`courier salt ${envelopes.length}`)
  const writer = writeCourierFile(suite, { secret, salt: own })
  return concatBytes(...envelopes.map(writer.add), writer.end())
}

/** Everything that comes out of a file, and whether its end was read. */
function read(
  suite: Suite,
  file: Uint8Array,
): { readonly envelopes: readonly Uint8Array[]; readonly isWhole: boolean } {
  const frames: Uint8Array[] = []
  for (let at = COURIER_HEADER_BYTES; at < file.length; at += COURIER_FRAME_BYTES)
    frames.push(file.subarray(at, at + COURIER_FRAME_BYTES))
  const [frame = new Uint8Array(0)] = frames
  const reader = openCourierFile(suite, [seedOf('another'), secret], { header: file, frame })
  const envelopes: Uint8Array[] = []
  let isWhole = false
  for (const each of frames) {
    const part = reader?.next(each)
    if (part?.ok !== true) return { envelopes, isWhole: false }
    envelopes.push(...part.envelopes)
    isWhole = part.isEnd
  }
  return { envelopes, isWhole }
}

/** Bent by who has no key: what comes out is the beginning of what went in, and an end only if all is as it was. */
function outside(suite: Suite): Target {
  return {
    name: `courier-${suite.name}`,
    open: async () => {
      const made = samplesOf(suite)
      const files = made.map((envelopes) => fileOf(suite, envelopes))
      const known = made.map((envelopes) => envelopes.map(hexFromBytes))
      return {
        form: 'bytes',
        samples: files,
        check: (input) => {
          const { envelopes, isWhole } = read(suite, input)
          const found = envelopes.map(hexFromBytes)
          if (!known.some((one) => found.every((each, at) => each === one[at])))
            return 'it brings what nobody wrote'
          const isSame = files.some((file) => Buffer.compare(file, input) === 0)
          return isWhole && !isSame ? 'it passes for whole' : undefined
        },
      }
    },
  }
}

/** Any text in frames that are rightly sealed: what a member without a conscience can make. */
function inside(suite: Suite): Target {
  return {
    name: `courier-inside-${suite.name}`,
    open: async () => {
      const purpose = { label: 'holdfast courier 1', length: 32 }
      const key = sealKey(suite, derive(suite, concatBytes(secret, salt), purpose))
      const bound = fileOf(suite, []).subarray(0, COURIER_HEADER_BYTES)
      const samples = samplesOf(suite).map((envelopes) =>
        concatBytes(
          ...envelopes.map((one) =>
            concatBytes(Uint8Array.of(one.length >> 8, one.length & 255), one),
          ),
          Uint8Array.of(0, 0),
        ),
      )
      return {
        form: 'bytes',
        samples,
        check: (input) => {
          const frames: Uint8Array[] = []
          for (let number = 0; number * 4_080 < Math.max(1, input.length); number += 1) {
            const bytes = new Uint8Array(4_080)
            bytes.set(input.subarray(number * 4_080, (number + 1) * 4_080))
            const nonce = Buffer.alloc(12)
            nonce[0] = (number + 1) * 4_080 >= input.length ? 1 : 0
            nonce[11] = number
            frames.push(seal(key, nonce, { bytes, bound }))
          }
          const { envelopes } = read(suite, concatBytes(bound, ...frames))
          const total = envelopes.reduce((sum, { length }) => sum + length + 2, 0)
          if (envelopes.some(({ length }) => length === 0 || length > ENVELOPE_BYTES_MAX))
            return 'an envelope of a size that there is none of'
          return total > frames.length * 4_080 ? 'more comes out than went in' : undefined
        },
      }
    },
  }
}

/** A file in a folder, found and read. */
async function openStick(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-fuzz-'))
  const [suite] = SUITES
  return {
    form: 'bytes',
    samples: suite === undefined ? [] : samplesOf(suite).map((one) => fileOf(suite, one)),
    check: async (input) => {
      await writeFile(join(folder, 'input.courier'), input)
      const { files, refused } = await lookAt(SYSTEM_STICKS, folder)
      if (files.length + refused.length !== 1) return 'it is neither a file nor refused'
      let bytes = 0
      for (const file of files)
        for await (const part of partsOf(SYSTEM_STICKS, file))
          bytes += part.kind === 'broken' ? 0 : part.bytes.length
      return bytes > input.length ? 'more is read than there is' : undefined
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

/** PROTOCOL.md, “Mixing”: the arithmetic coder around the model, and the ends of bodies. */
import { concat, must } from './bytes.ts'
import { newModel, type Model } from './mixing-model.ts'

/** A model that has learned a text, and how likely bodies end. */
export interface Learned {
  readonly model: Model
  readonly ends: ReadonlyMap<number, number>
}

const BODY_BYTES_MAX = 4_096
const LAST_GUESS = 3_968
const LONG_TEXT = 6
const TEXTS_MAX = 3

/** What stands before the first bit of every body: a text, sample bodies. */
export function learned(text: Uint8Array, bodies: readonly Uint8Array[]): Learned {
  const model = newModel()
  teach(model, concat(Buffer.of(0xd9), text, Buffer.of(0)))
  return learnedMore({ model, ends: new Map() }, bodies)
}

/** The same after more bodies, those of a channel's dictionary. */
export function learnedMore(from: Learned, bodies: readonly Uint8Array[]): Learned {
  const [model, ends] = [from.model.copy(), new Map(from.ends)]
  for (const body of bodies) {
    teach(model, body)
    teachEnds(ends, body)
  }
  return { model, ends }
}

/** The body that these bytes are the code of. */
export function unmixed(code: Uint8Array, from: Learned): Buffer {
  const { bit, isRead } = decoder(code)
  const [model, ends] = [from.model.copy(), new Map(from.ends)]
  const body: number[] = []
  const end = newEnd()
  for (;;) {
    must(body.length <= BODY_BYTES_MAX, 'a body that goes on')
    let byte = 0
    for (let at = 0; at < 8; at += 1) {
      const one = bit(model.guess())
      model.update(one)
      byte = byte * 2 + one
    }
    body.push(byte)
    if (byte === 0) {
      const key = end.key()
      const one = bit(Math.max((ends.get(key) ?? 32_768) >> 4, 1))
      moveEnd(ends, key, one)
      if (one === 1) break
    }
    end.saw(byte)
  }
  if (bit(LAST_GUESS) === 0) {
    body.pop()
    must(body.at(-1) !== 0, 'a body that ends in another form')
  }
  must(isRead(), 'a code that goes on')
  return Buffer.from(body)
}

/** What a model that has learned these bytes guesses before each bit of a body. */
export function guessesAfter(bytes: Uint8Array, body: Uint8Array): readonly number[] {
  const model = newModel()
  teach(model, bytes)
  return [...body].flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((at) => {
      const guess = model.guess()
      model.update((byte >> at) & 1)
      return guess
    }),
  )
}

function teach(model: Model, bytes: Uint8Array): void {
  for (const byte of bytes)
    for (let at = 7; at >= 0; at -= 1) {
      model.guess()
      model.update((byte >> at) & 1)
    }
}

function teachEnds(ends: Map<number, number>, body: Uint8Array): void {
  const end = newEnd()
  for (const [at, byte] of body.entries()) {
    if (byte === 0) moveEnd(ends, end.key(), at === body.length - 1 ? 1 : 0)
    end.saw(byte)
  }
}

function moveEnd(ends: Map<number, number>, key: number, bit: number): void {
  const p = ends.get(key) ?? 32_768
  ends.set(key, p + (((bit === 1 ? 65_535 : 0) - p) >> 4))
}

/** What the likelihood of an end depends on. */
function newEnd(): { readonly key: () => number; readonly saw: (byte: number) => void } {
  let [before, texts, since] = [0, 0, 0]
  return {
    key: () => texts * 256 + before,
    saw: (byte) => {
      since += 1
      if (byte === 0) {
        if (since >= LONG_TEXT) texts = Math.min(texts + 1, TEXTS_MAX)
        since = 0
      }
      before = byte
    },
  }
}

/** The arithmetic decoder: one bit for each guess. */
function decoder(code: Uint8Array): {
  readonly bit: (guess: number) => number
  readonly isRead: () => boolean
} {
  let [low, high, at, x] = [0, 2 ** 32 - 1, 4, 0]
  for (let index = 0; index < 4; index += 1) x = x * 256 + (code[index] ?? 0)
  const take = (guess: number): number => {
    const split = low + Math.floor(((high - low) * guess) / 4_096)
    const bit = x <= split ? 1 : 0
    if (bit === 1) high = split
    else low = split + 1
    while (low >>> 24 === high >>> 24) {
      low = (low << 8) >>> 0
      high = ((high << 8) | 255) >>> 0
      x = ((x << 8) | (code[at] ?? 0)) >>> 0
      at += 1
    }
    return bit
  }
  return { bit: take, isRead: () => at >= code.length }
}

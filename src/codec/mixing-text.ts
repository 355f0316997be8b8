/**
 * What the mixing coder has read before its first body: messages in many scripts, the dictionary, and deltas as nodes send them, with our sample messages in
 * them. From those it knows how a body, an entry and a message begin and end, so that what stands around a text costs next to
 * nothing. Part of the wire format: the numbers in them are made up, by a rule that never changes.
 */
import { byteWriter, bytesFromText, concatBytes, type ByteWriter } from '#base/bytes.ts'
import { SAMPLE_MESSAGES } from './sample-messages.ts'
import { SCRIPT_TEXT } from './script-text.ts'

/** Of every so many deltas one holds several messages, one answers a message, and after some come reactions. */
const KINDS = 6
const EMOJIS = [
  '+1',
  'white_check_mark',
  'heart',
  '+1',
  'eyes',
  'pray',
  'warning',
  'ok_hand',
  '+1',
  'white_check_mark',
  'raised_hands',
  'question',
  'tada',
  '-1',
  'joy',
  'eyes',
]
const MARK = 0xc1
const TEXT = 0xd9
/** After the mark: a person of the list's node; a message of the sender's; one of the first actor in the table. */
const PERSON = 1
const OWN_LIST = 2
const STRANGER = 4

/** All that is read before the bodies, as one text. */
export function learnedText(dictionary: Uint8Array): Uint8Array {
  return concatBytes(bytesFromText(`${SCRIPT_TEXT}\n`), dictionary)
}

/** Deltas as nodes send them (PROTOCOL.md, Delta), one after another: the sample messages in their order. */
export function sampleBodies(): readonly Uint8Array[] {
  const bodies: Uint8Array[] = []
  for (let at = 0, number = 0; at < SAMPLE_MESSAGES.length; number += 1) {
    const kind = number % KINDS
    const count = kind === 3 ? 2 + (number % 5) : 1
    const texts = SAMPLE_MESSAGES.slice(at, at + count)
    at += count
    bodies.push(bodyOf(number, texts))
    if (kind === 5 || kind === 2) bodies.push(reactionsOf(number))
  }
  return bodies
}

function bodyOf(number: number, texts: readonly string[]): Uint8Array {
  const writer = byteWriter()
  if (number % 7 === 3) receipt(writer, number)
  const isAnswer = number % KINDS === 1
  const reactions = texts.length > 1 ? number % 4 : 0
  const hasStranger = reactions > 0 || (isAnswer && number % 4 !== 1)
  begin(writer, number, { count: texts.length + reactions, hasStranger })
  for (const [index, text] of texts.entries()) {
    const [entry, whose] = [number * 3 + index, hasStranger ? STRANGER : OWN_LIST]
    front(writer, entry, { items: isAnswer ? 5 : 4, kind: 0 })
    putText(writer, text)
    if (isAnswer) refer(writer, entry, whose)
  }
  for (let index = 0; index < reactions; index += 1) react(writer, number * 5 + index)
  return writer.bytes()
}

/** A receipt that rides with what follows (PROTOCOL.md, Note): for one actor, in the segment of its deltas. */
function receipt(writer: ByteWriter, number: number): void {
  const note = byteWriter()
  const [seq, items] = [1 + ((number * 41) % 400), number % 14 === 3 ? 2 : 1]
  for (const byte of [2, 0, 1, 1 + ((number * 5) % 30)]) note.byte(byte)
  for (const step of [1, 2, 3, 4]) note.byte(made(number, step))
  note.byte(items)
  for (let item = 0; item < items; item += 1) {
    for (const byte of [12 - item, 1, 0]) note.byte(byte)
    note.uint(seq)
    // All of it was read, nothing, or nearly all.
    const lacks = Math.min(number % 16, seq >> 2)
    note.uint([1, 0, 1 + 2 * lacks][number % 3] ?? 0)
    for (const step of [5, 6]) note.byte(made(number + item, step))
  }
  writer.byte(3)
  writer.block(note.bytes())
}

/** Reactions, mostly to messages of the same node; some are acknowledgements. */
function reactionsOf(number: number): Uint8Array {
  const writer = byteWriter()
  const count = 1 + (number % 4)
  begin(writer, number, { count, hasStranger: true })
  for (let index = 0; index < count; index += 1) react(writer, number * 4 + index)
  return writer.bytes()
}

function react(writer: ByteWriter, entry: number): void {
  const isAcknowledgement = entry % 4 === 3
  front(writer, entry, { items: isAcknowledgement ? 4 : 7, kind: isAcknowledgement ? 4 : 3 })
  if (!isAcknowledgement) writer.byte(1 + (entry % 5 === 2 ? 2 : 0))
  refer(writer, entry, entry % 3 === 0 ? STRANGER : OWN_LIST)
  if (isAcknowledgement) return
  putText(writer, EMOJIS[(entry + (entry >> 3)) % EMOJIS.length] ?? '')
  writer.byte(entry % 9 === 0 ? 0 : 1)
}

/** All before the entries: kind, document, shape, the run, and the table of actors that have none. */
function begin(
  writer: ByteWriter,
  number: number,
  { count, hasStranger }: { readonly count: number; readonly hasStranger: boolean },
): void {
  writer.byte(1)
  writer.uint(4 + (number % 10 === 7 ? 4 : 0) - (number % 10 === 4 ? 1 : 0))
  writer.byte((count > 1 ? 1 : 0) + (hasStranger ? 2 : 0))
  writer.uint(1 + ((number * 37) % 400))
  if (count > 1) writer.uint(count)
  if (!hasStranger) return
  writer.byte(1)
  writer.byte(1 + ((number * 5) % 30))
  for (const step of [1, 2, 3, 4]) writer.byte(made(number, step))
}

/** An entry's kind, author and time: now and then an author is new. */
function front(
  writer: ByteWriter,
  entry: number,
  { items, kind }: { readonly items: number; readonly kind: number },
): void {
  const seconds = (entry * 73 + entry * entry * 31) % 900
  // Many react who have not written here before.
  const isNew = kind === 0 ? entry % 16 === 5 : entry % 3 === 1
  for (const byte of [0x90 + items, kind, ...(isNew ? [MARK, PERSON] : [(entry * 7) % 5])])
    writer.byte(byte)
  if (isNew) for (const step of [1, 2, 3]) writer.byte(made(entry, step))
  if (seconds >= 256) for (const byte of [0xcd, seconds >> 8]) writer.byte(byte)
  else if (seconds >= 128) writer.byte(0xcc)
  writer.byte(seconds & 255)
}

function putText(writer: ByteWriter, text: string): void {
  writer.byte(TEXT)
  writer.raw(bytesFromText(text))
  writer.byte(0)
}

/** A message of this document. */
function refer(writer: ByteWriter, entry: number, whose: number): void {
  for (const byte of [MARK, whose, 0]) writer.byte(byte)
  writer.uint(1 + ((entry * 29) % 300))
}

/** A byte that looks like chance. */
function made(number: number, step: number): number {
  return (((number + step * 97) * (number + step * 57) * 40_503) >> (5 + (step & 3))) & 255
}

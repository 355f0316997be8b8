/** PROTOCOL.md, “Envelope”, bodies: a delta, notes with which one may ride, a note under one signature with one. */
import { must, readWhole, type Reader } from './bytes.ts'
import { readDelta, type Delta, type Knowledge } from './delta.ts'
import { readNote, type Note } from './note.ts'
import { LENGTHS } from './suites.ts'

export interface CarriedNote {
  /** The number of the node that says it; 0 is the sender. */
  readonly node: number
  /** Of that node; nothing for the sender, in this life. */
  readonly life: string | undefined
  readonly note: Note
  /** Nothing where the envelope's signature is the proof. */
  readonly proof: Buffer | undefined
  readonly isJoint: boolean
}

export interface Body {
  readonly kind: 'delta' | 'notes' | 'joint'
  readonly notes: readonly CarriedNote[]
  readonly delta: Delta | undefined
}

const [NOTES_MAX, NOTES_BYTES_MAX] = [5_000, 128_000]

export function readBody(bytes: Uint8Array, known: Knowledge): Body {
  return readWhole(bytes, (reader) => bodyOf(reader, known))
}

function bodyOf(reader: Reader, known: Knowledge): Body {
  const first = reader.peek()
  if (first === 1) return { kind: 'delta', notes: [], delta: readDelta(reader, known) }
  must(first === 2 || first === 3, `a body that begins with ${first}`)
  reader.byte()
  if (first === 2) return { kind: 'notes', ...readNotes(reader, known) }
  const note = shortNote(reader, known)
  const joint = { node: 0, life: undefined, note, proof: undefined, isJoint: true }
  const { notes, delta } = bodyOf(reader, known)
  must(delta?.runs.some(({ actor }) => actor === known.sender) === true, 'nothing of the sender')
  return { kind: 'joint', notes: [joint, ...notes], delta }
}

function readNotes(
  reader: Reader,
  known: Knowledge,
): { readonly notes: readonly CarriedNote[]; readonly delta: Delta | undefined } {
  const count = reader.uint(NOTES_MAX)
  must(count > 0, 'no notes')
  const from = reader.at()
  const notes = Array.from({ length: count }, () => {
    const said = reader.uint()
    const [node, isJoint] = [Math.floor(said / 2), said % 2 === 1]
    const life = node === 0 ? undefined : reader.take(4).toString('hex')
    const note = shortNote(reader, known)
    const proof = reader.take(LENGTHS[known.suite].signature + (isJoint ? 32 : 0))
    must(node === 0 || note.kind === 'receipt', `a ${note.kind} of another`)
    return { node, life, note, proof, isJoint }
  })
  must(reader.at() - from <= NOTES_BYTES_MAX, 'too many bytes of notes')
  return { notes, delta: reader.left() > 0 ? readDelta(reader, known) : undefined }
}

function shortNote(reader: Reader, { scope }: Knowledge): Note {
  return readWhole(reader.block(), (inner) => readNote(inner, { scope }))
}

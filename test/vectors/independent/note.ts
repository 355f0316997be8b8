/** PROTOCOL.md, “Note”: receipts, what nodes have and what they want. */
import { byte, bytesOf, concat, idOf, must, uint, type Reader } from './bytes.ts'
import { numberedDocument, type Document } from './names.ts'

export const NOTE_KINDS = { 2: 'receipt', 3: 'have', 4: 'want' } as const
export type NoteKind = (typeof NOTE_KINDS)[keyof typeof NOTE_KINDS]

export interface NoteActor {
  readonly node: number
  readonly life: string
}

export interface NoteLine {
  readonly actor: number
  readonly newest: number
  /** In a receipt: up to which number it was on a screen. */
  readonly seen?: number
  /** But in a `want`: the first 4 digits of that change's hash, or 0000. */
  readonly print?: string
}

export interface NoteItem {
  readonly document: Document
  readonly lines: readonly NoteLine[]
}

export interface Note {
  readonly kind: NoteKind
  readonly whole: number
  readonly actors: readonly NoteActor[]
  readonly items: readonly NoteItem[]
}

/** How a note is written: short, in an envelope of this scope, or as it is signed. */
export type Form = { readonly scope: string } | 'signed'

const [ACTORS_MAX, ITEMS_MAX, SEQ_MAX] = [16_384, 5_000, 2 ** 31]
const [CODE_AUDIT, CODE_SETTINGS, CODE_LANE, CODE_NUMBERED] = [2, 3, 4, 8]

export function readNote(reader: Reader, form: Form): Note {
  const kind = NOTE_KINDS[reader.byte() as keyof typeof NOTE_KINDS] as NoteKind | undefined
  must(kind !== undefined, 'a note of another kind')
  const whole = reader.byte()
  must(kind === 'have' ? whole <= 3 : whole === 0, `${kind} with ${whole}`)
  const actors = Array.from({ length: reader.uint(ACTORS_MAX) }, () => ({
    node: reader.uint(),
    life: reader.take(4).toString('hex'),
  }))
  const items = Array.from({ length: reader.uint(ITEMS_MAX) }, () => {
    const document = readDocument(reader, form)
    const lines = Array.from({ length: reader.uint(actors.length) }, () => {
      const actor = reader.uint(actors.length - 1)
      const newest = reader.uint(SEQ_MAX)
      if (kind === 'want') return { actor, newest }
      const short = kind === 'receipt' ? reader.uint() : undefined
      const print = reader.take(2).toString('hex')
      if (short === undefined) return { actor, newest, print }
      return { actor, newest, print, seen: form === 'signed' ? short : unfolded(short, newest) }
    })
    return { document, lines }
  })
  return { kind, whole, actors, items }
}

/** A note as its node signs it. */
export function signedNote({ kind, whole, actors, items }: Note): Buffer {
  const codes = { receipt: 2, have: 3, want: 4 } as const
  return concat(
    byte(codes[kind], whole),
    uint(actors.length),
    ...actors.map(({ node, life }) => concat(uint(node), Buffer.from(life, 'hex'))),
    uint(items.length),
    ...items.map(({ document, lines }) =>
      concat(
        documentCode(document),
        uint(lines.length),
        ...lines.map(({ actor, newest, seen, print = '' }) =>
          concat(
            uint(actor),
            uint(newest),
            seen === undefined ? byte() : uint(seen),
            Buffer.from(print, 'hex'),
          ),
        ),
      ),
    ),
  )
}

function readDocument(reader: Reader, form: Form): Document {
  const code = reader.uint()
  if (code >= CODE_NUMBERED) {
    must(form !== 'signed', `document ${code} in what is signed`)
    return numberedDocument(form.scope, code - CODE_NUMBERED)
  }
  if (code === 0) return { of: 'keys' }
  if (code === 1) return { of: 'directory' }
  const id = idOf(reader.take(16))
  if (code === CODE_AUDIT) return { of: 'audit', node: id, number: reader.uint() }
  if (code === CODE_SETTINGS) return { of: 'settings', channel: id }
  return { of: 'segment', channel: id, lane: code - CODE_LANE, number: reader.uint() }
}

function documentCode(document: Document): Buffer {
  switch (document.of) {
    case 'keys':
      return uint(0)
    case 'directory':
      return uint(1)
    case 'audit':
      return concat(uint(CODE_AUDIT), bytesOf(document.node), uint(document.number))
    case 'settings':
      return concat(uint(CODE_SETTINGS), bytesOf(document.channel))
    case 'segment':
      return concat(
        uint(CODE_LANE + document.lane),
        bytesOf(document.channel),
        uint(document.number),
      )
  }
}

/** From the short form of “on a screen up to”. */
function unfolded(short: number, newest: number): number {
  if (short % 2 === 0) {
    const seen = short / 2
    must(
      seen === 0 || seen > newest || newest - seen >= seen,
      'a number on a screen in another form',
    )
    return seen
  }
  const seen = newest - (short - 1) / 2
  must(seen > 0 && newest - seen < seen, 'a number on a screen in another form')
  return seen
}

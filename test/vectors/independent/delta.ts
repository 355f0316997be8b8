/** PROTOCOL.md, “Delta”: the changes of one document, without what the receiver can work out. */
import { byte, concat, hex, must, uint, type Reader } from './bytes.ts'
import { documentOf, messageId, nameOf, numberedDocument } from './names.ts'
import { readShort, shortened } from './short-entry.ts'
import { LENGTHS, type Suite } from './suites.ts'

/** What a reader knows when it opens a body. */
export interface Knowledge {
  readonly suite: Suite
  readonly scope: string
  /** The actor that sealed the envelope, 24 digits. */
  readonly sender: string
  /** First eight bytes of the id of the node with this number, 16 digits. */
  readonly nodeOf: (number: number) => string
}

export interface Run {
  readonly actor: string
  readonly first: number
  readonly entries: readonly Buffer[]
  /** Of a run of keys that begins with 1. */
  readonly certificate?: Buffer
  /** Absent for the sender's own run: there it is the envelope's signature. */
  readonly proof?: Buffer
}

export interface Delta {
  readonly document: string
  readonly runs: readonly Run[]
  readonly strangers: readonly string[]
}

interface Head {
  readonly actor: string
  readonly isSender: boolean
  readonly first: number
  readonly count: number
  /** 0 a signature, 1 a joint proof, 2 an order to purge. */
  readonly proof: number
  readonly certificate?: Buffer
}

const [OTHERS_MAX, CHANGES_MAX, SEQ_MAX, NAMED_MAX] = [4_096, 4_000, 2 ** 31, 8_192]

/** Reads a delta, of which the first byte, 01, is still to come. */
export function readDelta(reader: Reader, known: Knowledge): Delta {
  must(reader.byte() === 1, 'no delta')
  const document = nameOf(numberedDocument(known.scope, reader.uint()))
  const shape = reader.uint()
  const hasStrangers = (shape >> 1) % 2 === 1
  if (shape === 0 || shape === 2) {
    const first = reader.uint(SEQ_MAX)
    must(first > 0, 'a change with number 0')
    const strangers = hasStrangers ? readStrangers(reader, known) : []
    const heads = [{ actor: known.sender, isSender: true, first, count: 1, proof: 0 }]
    return { document, runs: readEntries(reader, { document, heads, strangers }), strangers }
  }
  const others = Math.floor(shape / 4)
  must(others <= OTHERS_MAX, 'too many runs')
  const isOwn = shape % 2 === 1
  const heads = Array.from({ length: others + (isOwn ? 1 : 0) }, (_, at) =>
    readHead(reader, known, isOwn && at === 0),
  )
  must(new Set(heads.map(({ actor }) => actor)).size === heads.length, 'two runs of one actor')
  const changes = heads.reduce((sum, { count }) => sum + count, 0)
  must(changes <= CHANGES_MAX, 'too many changes')
  const strangers = hasStrangers ? readStrangers(reader, known) : []
  const runs = readEntries(reader, { document, heads, strangers })
  const { signature } = LENGTHS[known.suite]
  return {
    document,
    strangers,
    runs: runs.map((run, at) =>
      heads[at]?.isSender === true
        ? run
        : { ...run, proof: reader.take(lengthOf(heads[at]?.proof ?? 0, signature)) },
    ),
  }
}

/** Bytes that vouch for a run of another than the sender. */
function lengthOf(proof: number, signature: number): number {
  if (proof === 2) return 0
  return signature + (proof === 1 ? 24 : 0)
}

function readHead(reader: Reader, known: Knowledge, isSender: boolean): Head {
  const actor = isSender ? known.sender : readActor(reader, reader.uint(), known)
  const first = reader.uint(SEQ_MAX - CHANGES_MAX)
  must(first >= 1, 'a run from number 0')
  const said = reader.uint()
  const count = isSender ? said : Math.floor(said / 3)
  must(count >= 1, 'a run of no changes')
  const proof = isSender ? 0 : said % 3
  const head = { actor, isSender, first, count, proof }
  if (known.scope !== 'keys' || isSender || first !== 1) return head
  return { ...head, certificate: reader.block() }
}

function readActor(reader: Reader, number: number, { nodeOf }: Knowledge): string {
  must(number > 0, 'the sender as another')
  return nodeOf(number) + reader.take(4).toString('hex')
}

function readStrangers(reader: Reader, known: Knowledge): readonly string[] {
  const count = reader.uint(OTHERS_MAX)
  must(count > 0, 'no strangers')
  return Array.from({ length: count }, () => {
    const number = reader.uint()
    return number === 0 ? known.sender : readActor(reader, number, known)
  })
}

interface Naming {
  readonly document: string
  readonly heads: readonly Head[]
  readonly strangers: readonly string[]
}

function readEntries(reader: Reader, { document, heads, strangers }: Naming): readonly Run[] {
  const actors = [...heads.map(({ actor }) => actor), ...strangers]
  let named = 0
  return heads.map(({ actor, first, count, certificate }) => {
    const nameOfMessage = (whose: number): Buffer => {
      named += 1
      must(named <= NAMED_MAX, 'too many messages named')
      const owner = whose === 0 ? actor : actors[whose - 1]
      must(owner !== undefined, `actor ${whose} of ${actors.length}`)
      const where = reader.uint()
      const seq = reader.uint(SEQ_MAX)
      must(seq > 0, 'a message with number 0')
      const holder = where === 0 ? document : elsewhere(document, where - 1)
      return messageId(holder, hex(owner), seq)
    }
    const entries = Array.from({ length: count }, () => readShort(reader, actor, nameOfMessage))
    return { actor, first, entries, ...(certificate === undefined ? {} : { certificate }) }
  })
}

/** Another document of the same scope. */
function elsewhere(document: string, code: number): string {
  const [letter = '', id = ''] = document.split('.')
  const scope =
    letter === 'k' ? 'keys' : letter === 'd' ? 'directory' : letter === 'a' ? `audit ${id}` : id
  return nameOf(numberedDocument(scope, code))
}

/** One change of a list, for the text of a dictionary. */
export interface Alone {
  readonly document: string
  readonly actor: string
  readonly seq: number
  readonly entry: Buffer
}

/** “Dictionary”: the short form of a delta with one change, in which no message is named by its place. */
export function aloneInShort({ document, actor, seq, entry }: Alone): Buffer {
  const found = documentOf(document)
  must(found.of === 'segment', 'a segment')
  const code = 1 + found.lane + 4 * found.number
  return concat(byte(1), uint(code), byte(0), uint(seq), shortened(entry, actor))
}

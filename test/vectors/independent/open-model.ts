/** Opens model.json: ids, geneses, entries, changes. */
import { hash as hashOf, Refusal, bytesOf, concat, hex, idOf, must } from './bytes.ts'
import { genesis, readChange, stepOf, trailAfter, trailOf, writeChange } from './change.ts'
import { BEGINNING, readEntry, type ListState, type Meaning } from './entry.ts'
import { vectors, type Openers } from './ledger.ts'
import { auditContent } from './open-audit.ts'
import {
  CHANNEL_KINDS,
  attestation,
  directChannel,
  documentOf,
  firstChannel,
  messageId,
  orderStatement,
  withKind,
  type UpTo,
} from './names.ts'
import { isSigned } from './suites.ts'

interface ChangeVector {
  readonly actor: string
  readonly seq: number
  readonly previous: string
  readonly value: string
  readonly bytes: string
  readonly hash: string
  readonly trail: string
}

interface EntryVector {
  readonly content: Readonly<Record<string, unknown>>
  readonly bytes: string
}

interface Founded {
  readonly node: string
  readonly random: string
  readonly kind: (typeof CHANNEL_KINDS)[number]
}

interface Branch {
  readonly steps: readonly string[]
  readonly signature: string
}

interface Model {
  readonly changes: readonly ChangeVector[]
  readonly entries: readonly EntryVector[]
  readonly channels: { readonly direct: { readonly people: readonly string[] } }
  readonly times: readonly { readonly value: string }[]
  readonly organisation: string
  readonly signingKey: string
}

export const MODEL = vectors<Model>('model.json')
const NOON = 1_793_534_400_000
const AMIRA = MODEL.channels.direct.people[1]
/** The document that the changes are of. */
export const SEGMENT = 's.tr11nd44x9j87rahxk7oqnp77w.0.2'

export const MODEL_OPENERS: Openers = {
  organisation: 'given',
  signingKey: 'given',
  'ids.00112233445566778899aabbccddeeff': (id: string) => {
    must(bytesOf(id).toString('hex') === '00112233445566778899aabbccddeeff', 'another id')
    return idOf(hex('00112233445566778899aabbccddeeff'))
  },
  'ids.ops': (id: string) => idOf(bytesOf(id)),
  'channels.direct': ({ people }: { readonly people: readonly [string, string] }) => {
    const [one, other] = people
    return { people, id: idOf(directChannel(one, other)) }
  },
  'channels.first': ({ organisation }: { readonly organisation: string }) => ({
    organisation,
    id: idOf(firstChannel(organisation)),
  }),
  'channels.founded.*': ({ node, random, kind }: Founded) => {
    const id = concat(bytesOf(node).subarray(0, 8), hex(random))
    return { node, random, kind, id: idOf(withKind(id, CHANNEL_KINDS.indexOf(kind))) }
  },
  'times.*': ({ value }: { readonly value: string }) => timeCase(value),
  'genesis.*': ({ document }: { readonly document: string }) => {
    documentOf(document)
    const { bytes, hash } = genesis(document)
    return { document, bytes: digits(bytes), hash: digits(hash) }
  },
  'checklists.*': ({ body, ticked }: Checklist) => checklistCase(body, ticked),
  'entries.*': ({ bytes }: EntryVector) => ({ content: entryContent(bytes), bytes }),
  'changes.*': (value: ChangeVector) => changeCase(value),
  heads: () => [...newest(MODEL.changes).values()].map(({ hash }) => hash).toSorted(),
}

/** The newest change of each actor. */
function newest(changes: readonly ChangeVector[]): ReadonlyMap<string, ChangeVector> {
  return new Map(
    changes.toSorted((one, other) => one.seq - other.seq).map((one) => [one.actor, one]),
  )
}

/** Whether alpha signed for a list of its own. */
function attests(list: UpTo, signature: string): boolean {
  const signed = attestation(hex(MODEL.organisation), list)
  return isSigned(1, hex(MODEL.signingKey), { signed, signature: hex(signature) })
}

/** An entry on top of those before it in the file, which are one list. */
function timeCase(wanted: string): unknown {
  let state: ListState = BEGINNING
  for (const { value } of MODEL.times) {
    const said = readEntry(hex(value), state)
    if (value === wanted) {
      const { author = null, claimedAt, placeAt, counter } = said
      const objections = said.objections.map(({ node, after, length }) => {
        const from = placeAt + after * 1_000
        return { node, from, until: from + length * 1_000 }
      })
      return { value, author, claimedAt, placeAt, counter, objections }
    }
    state = said.state
  }
  throw new Refusal('an entry of another list')
}

function changeCase({ bytes, actor: of, seq: at }: ChangeVector): unknown {
  const { actor, seq, previous, entry } = readChange(hex(bytes))
  const { hash } = writeChange({ actor, seq, previous, entry })
  const before = MODEL.changes.filter((one) => one.actor === of && one.seq < at)
  const entries = [...before.map(({ value }) => hex(value)), entry]
  let state: ListState = BEGINNING
  let last: Meaning | undefined
  for (const one of entries) {
    last = readEntry(one, state)
    state = last.state
  }
  must(last?.content !== undefined, 'an entry of no kind')
  const { claimedAt, placeAt, counter } = last
  const post = idOf(messageId(SEGMENT, hex(actor), seq))
  const trail = trailOf(SEGMENT, actor, entries)
  const facts = { trail, claimedAt, placeAt, counter, post }
  return { actor, seq, previous, value: digits(entry), bytes, hash: digits(hash), ...facts }
}

/** The first entry of a list, which amira wrote at noon. */
export function byAmira(entry: Buffer): Meaning {
  const meaning = readEntry(entry, BEGINNING)
  const { kind, author, claimedAt, placeAt, counter } = meaning
  must(author === AMIRA && claimedAt === NOON && placeAt === NOON, 'an entry of another')
  must(counter === ([0, 4, 32].includes(kind) ? 0 : 1), 'another counter')
  return meaning
}

interface Checklist {
  readonly body: string
  readonly ticked: readonly number[]
}

/** “Checklists”: the items of a text, and the text when these were ticked. */
function checklistCase(body: string, ticked: readonly number[]): unknown {
  const before = new Map<string, number>()
  const items: { readonly number: number; readonly text: string }[] = []
  const lines = body.split('\n').map((line) => {
    const parts = /^([ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[)[ xX](\][ \t]+)(.*)$/s.exec(line)
    const [, front = '', behind = '', rest = ''] = parts ?? []
    const text = rest.trimEnd()
    if (parts === null || text === '') return line
    const count = before.get(text) ?? 0
    before.set(text, count + 1)
    const number = (hashOf(Buffer.from(text)).readUInt16BE(0) + count) % 65_536
    items.push({ number, text })
    return ticked.includes(number) ? `${front}x${behind}${rest}` : line
  })
  return { body, ticked, items, shown: lines.join('\n') }
}

/** An entry alone in its list, with whatever is signed in it checked. */
function entryContent(bytes: string): unknown {
  const meaning = byAmira(hex(bytes))
  if (meaning.kind === 32) return auditContent(hex(bytes))
  const { content } = meaning
  must(content !== undefined, 'an entry of no kind')
  switch (content.kind) {
    case 'fork':
      checkFork(content as unknown as Fork)
      break
    case 'anchor':
      checkAnchor(content as unknown as Anchor)
      break
    case 'revocation':
    case 'wipe order':
      checkOrder(content as unknown as Order)
  }
  return content
}

interface Fork {
  readonly document: string
  readonly actor: string
  readonly seq: number
  readonly before: string
  readonly branches: readonly Branch[]
}

/** “Forks”: the branches differ in their first step, and each signature is over the trail that its steps lead to. */
function checkFork({ document, actor, seq, before, branches }: Fork): void {
  const [one, other] = branches
  must(branches.length === 2 && one?.steps[0] !== other?.steps[0], 'two branches')
  must(before === digits(genesis(document).hash), 'another trail before the first change')
  for (const { steps, signature } of branches) {
    const trail = trailAfter(hex(before), steps.map(hex))
    const list = { document, actor, seq: seq + steps.length - 1, trail }
    must(attests(list, signature), 'a branch that is not signed')
  }
  const first = MODEL.changes.find((change) => change.actor === actor && change.seq === seq)
  must(one?.steps[0] === digits(stepOf(hex(first?.hash ?? ''))), 'a step of another change')
}

interface Anchor {
  readonly document: string
  readonly actor: string
  readonly forkAt: number
  readonly branch: string
  readonly seq: number
  readonly trail: string
  readonly signature: string
}

function checkAnchor({ document, actor, forkAt, branch, seq, trail, signature }: Anchor): void {
  const trailAt = (number: number): string | undefined =>
    MODEL.changes.find((one) => one.actor === actor && one.seq === number)?.trail
  must(seq >= forkAt && trailAt(forkAt) === branch && trailAt(seq) === trail, 'another branch')
  must(attests({ document, actor, seq, trail }, signature), 'an anchor that nobody signed')
}

interface Order {
  readonly by: string
  readonly node: string
  readonly since?: number
  readonly at?: number
  readonly reason?: string
  readonly signature: string
}

function checkOrder({ by, node, since, at, reason, signature }: Order): void {
  const seconds = (since ?? at ?? 0) / 1_000
  const facts = { by, node, seconds, ...(reason === undefined ? {} : { reason }) }
  const signed = orderStatement(hex(MODEL.organisation), facts)
  must(isSigned(1, hex(MODEL.signingKey), { signed, signature: hex(signature) }), 'no order')
}

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

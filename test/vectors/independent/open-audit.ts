/** Opens audit.json and words.json: a file of audits, checked from the root's key on. */
import { hashesOf, readAuditFile, readDeed } from './audit.ts'
import { hex, must } from './bytes.ts'
import { vectors, type Openers } from './ledger.ts'

interface Audit {
  readonly bytes: string
}

const FILE = readAuditFile(hex(vectors<Audit>('audit.json').bytes))
const WORDS = vectors<Readonly<Record<string, readonly string[]>>>('words.json')

export const WORD_OPENERS: Openers = {
  '*': (words: readonly string[]) => {
    must(new Set(words).size === words.length, 'one word for two numbers')
    return words
  },
}

export const AUDIT_OPENERS: Openers = {
  bytes: 'given',
  exportedAt: () => FILE.exportedAt,
  exporter: () => FILE.exporter,
  certificates: () => FILE.certificates.map(({ node }) => node),
  lists: () => {
    const lists = FILE.lists.map((list) => ({
      document: list.document,
      actor: list.actor,
      entries: list.entries.map((entry) => entry.toString('hex')),
      signed: list.signatures.map(({ seq }) => seq),
      head: hashesOf(list).at(-1),
    }))
    checkChain(new Set(lists.map(({ head }) => head)))
    return lists
  },
}

/** What an entry of kind 32 says, in words. */
export function auditContent(entry: Uint8Array): Readonly<Record<string, unknown>> {
  const { deed, result, count, subjects, facts, previous } = readDeed(entry)
  return {
    kind: 'audit',
    deed: wordOf('deeds', deed),
    result,
    count,
    subjects,
    facts: Object.fromEntries(
      Object.entries(facts).map(([number, value]) => [wordOf('facts', Number(number)), value]),
    ),
    ...(previous === undefined ? {} : { previous }),
  }
}

/** Every list but a node's very first begins with the end of another. */
function checkChain(heads: ReadonlySet<string | undefined>): void {
  for (const { document, entries } of FILE.lists) {
    const [first] = entries
    must(first !== undefined, 'an empty list')
    const { previous } = readDeed(first)
    must(document.endsWith('.0') ? previous === undefined : heads.has(previous), 'a gap')
  }
}

function wordOf(list: string, number: number): string {
  const word = WORDS[list]?.[number]
  must(word !== undefined, `${list} ${number}`)
  return word
}

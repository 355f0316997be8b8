import { test } from 'tap'
import { byteReader, byteWriter } from '#base/bytes.ts'
import type { DocumentId } from '#base/ids.ts'
import {
  documentFromNumber,
  documentNumber,
  readDocument,
  writeDocument,
} from '#codec/document-code.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  SEGMENT_NUMBER_MAX,
  segmentDocument,
} from '#model/document-id.ts'
import { LANES } from '#model/precedence.ts'
import { auditScope, type Scope } from '#trust/epoch.ts'
import { nodeAt, ops } from '../support/wire.ts'

const { node } = nodeAt(0).certificate
const scopes: readonly (Scope | undefined)[] = [
  undefined,
  'keys',
  'directory',
  ops,
  auditScope(node),
]
const documents = [
  KEYS,
  DIRECTORY,
  auditDocument(node, 0),
  auditDocument(node, SEGMENT_NUMBER_MAX),
  channelDocument(ops),
  ...LANES.map((lane) => segmentDocument(ops, lane, 7)),
]

test('every document comes back, in every scope', async (t) => {
  for (const scope of scopes)
    for (const document of documents)
      t.equal(readDocument(reader(document, scope), scope), document)
})

test('a document of the scope is its number and nothing else', async (t) => {
  t.equal(bytesOf(segmentDocument(ops, 'routine', 0), ops).length, 1)
  t.equal(bytesOf(segmentDocument(ops, 'routine', 0), undefined).length, 18)
  t.equal(documentNumber(segmentDocument(ops, 'routine', 2)), 1 + 3 + 8)
  t.equal(documentFromNumber(ops, 12), segmentDocument(ops, 'routine', 2))
})

test('what names no document is refused', async (t) => {
  t.throws(() => read([8]), 'there is no scope')
  t.throws(() => read([9], 'keys'), 'the scope has one document')
  t.throws(() => read([2, 1, 2, 3]), 'an id is cut short')
  t.throws(() => read([255, 255, 255, 255, 15], ops), 'no segment has such a number')
})

function read(bytes: readonly number[], scope?: Scope): DocumentId {
  return readDocument(byteReader(Uint8Array.from(bytes)), scope)
}

function bytesOf(document: DocumentId, scope: Scope | undefined): Uint8Array {
  const writer = byteWriter()
  writeDocument(writer, document, scope)
  return writer.bytes()
}

function reader(document: DocumentId, scope: Scope | undefined) {
  return byteReader(bytesOf(document, scope))
}

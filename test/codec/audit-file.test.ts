/** The file of audits: the same bytes for the same audits, and no bytes that throw. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { placeOfList, readAuditFile, writeAuditFile } from '#codec/audit-file.ts'
import { aFile, aList, bravo, headquarters, NOON } from '../support/audits.ts'
import { organisation } from '../support/nodes.ts'
import { holds } from '../support/property.ts'

const small = () => aList(bravo, ['audit begun', 'signed in', 'signed out'], { signAt: [2] }).list

test('what is written is read', async (t) => {
  const list = small()
  const file = must(readAuditFile(aFile([list])), 'it is a file')

  t.equal(file.organisation, organisation.id)
  t.equal(file.exportedAt, NOON + 3_600_000)
  t.equal(file.exporter, headquarters.certificate.node)
  t.strictSame(
    file.certificates.map(hexFromBytes),
    [headquarters, bravo].map((one) => hexFromBytes(one.certificateBytes)),
  )
  t.strictSame(
    file.lists.map(({ values }) => values.map(hexFromBytes)),
    [list.values.map(hexFromBytes)],
  )
  t.strictSame(
    file.lists[0]?.signatures.map(({ seq }) => seq),
    [2, 3],
  )
  t.strictSame(placeOfList(list), { node: bravo.certificate.node, piece: 0 })
})

test('a file has these bytes, in whatever order the lists were given', async (t) => {
  const lists = [
    small(),
    aList(bravo, ['audit begun'], { life: 'another' }).list,
    aList(headquarters, ['audit begun', 'node admitted']).list,
  ]
  const bytes = aFile(lists)

  t.equal(hexFromBytes(aFile(lists.toReversed())), hexFromBytes(bytes))
  t.equal(bytes.length, GOLDEN_BYTES)
  t.equal(hexFromBytes(sha256(bytes)), GOLDEN_HASH, 'a changed format needs a new first line')
  t.equal(Buffer.from(bytes.subarray(0, 22)).toString(), 'holdfast audit file 2\n')
})

test('a file cut short, one with more behind it, and any other bytes are none, and nothing throws', async (t) => {
  const bytes = aFile([small()])
  for (let length = 0; length < bytes.length; length += 1)
    assert.equal(readAuditFile(bytes.subarray(0, length)), undefined, `cut to ${length}`)
  t.equal(readAuditFile(Buffer.concat([bytes, Uint8Array.of(0)])), undefined)
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
      readAuditFile(Buffer.concat([bytes.subarray(0, 23), tail]))
      assert.equal(readAuditFile(tail), undefined)
    }),
    500,
  )
})

test('an empty file says that there is nothing', async (t) => {
  const content = { exportedAt: 0, certificates: [], lists: [] }
  t.match(readAuditFile(writeAuditFile(headquarters, content)), { lists: [], certificates: [] })
})

const GOLDEN_BYTES = 858
const GOLDEN_HASH = '808b73c9149a4bdb0c9166a376c0e893084ba46dcace290d8660198ad812588c'

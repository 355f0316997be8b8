import { test } from 'tap'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { bytesFromId, idFromBytes, type ActorId, type DocumentId, type Trail } from '#base/ids.ts'
import { sha256 } from '#base/hash.ts'
import type { OrganisationId } from '#base/ids.ts'
import { attestationOf, noteStatement } from '#trust/attestation.ts'

const relief = idFromBytes<OrganisationId>(new Uint8Array(16).fill(1))
const other = idFromBytes<OrganisationId>(new Uint8Array(16).fill(2))
const directory = 'd' as DocumentId
const actor = 'cd'.repeat(12) as ActorId
const list = { document: directory, actor, seq: 300, trail: 'ab'.repeat(32) as Trail }

test('an attestation names its purpose, the organisation, the document, whose list it is, and how far it goes', async (t) => {
  const expected = concatBytes(
    bytesFromText('holdfast attest 2'),
    bytesFromId(relief),
    Uint8Array.of(1, 0x64),
    new Uint8Array(12).fill(0xcd),
    Uint8Array.of(0xac, 0x02),
    new Uint8Array(32).fill(0xab),
  )

  t.same(attestationOf(relief, list), expected)
})

test('a note’s statement names its purpose, the organisation, who says it in which life, and the body’s hash', async (t) => {
  const body = bytesFromText('a note')
  const expected = concatBytes(
    bytesFromText('holdfast note 3'),
    bytesFromId(relief),
    new Uint8Array(12).fill(0xcd),
    sha256(body),
  )

  t.same(noteStatement(relief, { actor, body }), expected)
})

test('no two statements are the same bytes', async (t) => {
  const [short, long] = [Uint8Array.of(1), Uint8Array.of(1, 2)]
  const statements: readonly Uint8Array[] = [
    attestationOf(relief, list),
    attestationOf(other, list),
    attestationOf(relief, { ...list, document: 'c.x' as DocumentId }),
    attestationOf(relief, { ...list, actor: 'ce'.repeat(12) as ActorId }),
    attestationOf(relief, { ...list, seq: 301 }),
    attestationOf(relief, { ...list, trail: 'cd'.repeat(32) as Trail }),
    noteStatement(relief, { actor, body: short }),
    noteStatement(relief, { actor, body: long }),
    noteStatement(other, { actor, body: short }),
    noteStatement(relief, { actor: 'ce'.repeat(12) as ActorId, body: short }),
  ]

  t.equal(new Set(statements.map(hexFromBytes)).size, statements.length)
})

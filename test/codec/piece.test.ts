import { test } from 'tap'
import { must } from '#base/assert.ts'
import { idFromBytes, type FileId } from '#base/ids.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { decodePiece, encodePiece, fileKeyOf, openPiece, sealPiece } from '#codec/piece.ts'
import { noise } from '../support/file-nodes.ts'
import { organisation, seedOf } from '../support/nodes.ts'

const TEXT = Buffer.from('wells 14 to 17 are dry; the pump at 18 runs two hours a day\n'.repeat(80))

function keyFor(name: string, bytes: Uint8Array) {
  const id = idFromBytes<FileId>(seedOf(name).subarray(0, 16))
  return fileKeyOf(organisation, { id, hash: hexFromBytes(sha256(bytes)) })
}

test('a piece comes back as it was, smaller where that is possible', async (t) => {
  const key = keyFor('wells', TEXT)
  for (const bytes of [TEXT.subarray(0, 1), TEXT, noise('map', 48_000)]) {
    const piece = sealPiece(key, { from: 7, bytes })
    const read = decodePiece(encodePiece(piece))
    t.match(read, { name: key.name, from: 7, to: 7 + bytes.length })
    t.strictSame(Buffer.from(must(openPiece(key, read), 'it opens')), Buffer.from(bytes))
  }
  t.ok(sealPiece(key, { from: 0, bytes: TEXT }).sealed.length < TEXT.length / 10)
})

test('the same bytes at the same place are the same piece, whoever cuts them', async (t) => {
  const [a, b] = [keyFor('wells', TEXT), keyFor('wells', TEXT)]
  const cut = { from: 60, bytes: TEXT.subarray(60, 600) }
  t.strictSame(sealPiece(a, cut), sealPiece(b, cut))
})

test('a piece of another file, at another place, or bent anywhere does not open', async (t) => {
  const key = keyFor('wells', TEXT)
  const piece = sealPiece(key, { from: 60, bytes: TEXT.subarray(60, 200) })
  t.equal(openPiece(keyFor('others', TEXT), piece), undefined)
  t.equal(openPiece(keyFor('wells', TEXT.subarray(1)), piece), undefined)
  t.equal(openPiece(key, { ...piece, from: 61, to: piece.to + 1 }), undefined)
  t.equal(openPiece(key, { ...piece, to: piece.to + 1 }), undefined)
  for (let at = 0; at < piece.sealed.length; at += 1) {
    const sealed = Uint8Array.from(piece.sealed)
    sealed[at] = (sealed[at] ?? 0) ^ 1
    t.equal(openPiece(key, { ...piece, sealed }), undefined)
  }
})

test('its name says nothing: two files with one content have two', async (t) => {
  t.not(keyFor('a', TEXT).name, keyFor('b', TEXT).name)
})

test('what is no piece, or lies beyond the largest file, is refused', async (t) => {
  const piece = sealPiece(keyFor('wells', TEXT), { from: 0, bytes: TEXT })
  const body = encodePiece(piece)
  t.throws(() => decodePiece(body.subarray(0, 9)))
  t.throws(() => decodePiece(Uint8Array.from([3, ...body.subarray(1)])))
  for (const wrong of [{ to: 0 }, { to: 48_001 }, { from: 104_857_600, to: 104_857_601 }])
    t.throws(() => decodePiece(encodePiece({ ...piece, ...wrong })))
})

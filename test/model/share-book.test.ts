import { test } from 'tap'
import type { ActorId } from '#base/ids.ts'
import { openShareBook } from '#model/share-book.ts'
import { anIdentity } from '../support/nodes.ts'

const bravo = anIdentity('bravo', 2).certificate.node
const charlie = anIdentity('charlie', 3).certificate.node
const actor = '00112233445566778899aabb' as ActorId
const id = '0'.repeat(32)
const parcel = { keyName: '1'.repeat(16), ciphertext: Uint8Array.of(1), sealed: Uint8Array.of(2) }
const wanted = { node: bravo, id, keyName: parcel.keyName }

test('a share stands where it was handed over last, for one node and one sealing key', async (t) => {
  const book = openShareBook()

  t.equal(book.placeOf(wanted), undefined)
  t.ok(book.add({ node: bravo, id, parcel }, { actor, seq: 4 }))
  t.ok(book.add({ node: bravo, id, parcel }, { actor, seq: 9 }))

  t.strictSame(book.placeOf(wanted), { actor, seq: 9 })
  t.equal(book.placeOf({ ...wanted, node: charlie }), undefined)
  t.equal(book.placeOf({ ...wanted, keyName: '2'.repeat(16) }), undefined)
})

test('what its node called back is over, whatever is heard of first; nobody else can call it back', async (t) => {
  const book = openShareBook()
  book.add({ node: bravo, id, parcel }, { actor, seq: 4 })

  t.ok(book.add({ node: charlie, id, parcel: undefined }, { actor, seq: 1 }))
  t.ok(book.placeOf(wanted))
  t.ok(book.add({ node: bravo, id, parcel: undefined }, { actor, seq: 5 }))

  t.equal(book.placeOf(wanted), undefined)
  t.notOk(book.add({ node: bravo, id, parcel }, { actor, seq: 3 }))
  t.equal(book.placeOf(wanted), undefined)
})

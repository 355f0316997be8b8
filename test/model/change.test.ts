/** Our changes are Automerge's, byte for byte; whatever is not exactly such a change is refused. */
import assert from 'node:assert/strict'
import * as Automerge from '@automerge/automerge'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, byteWriter, concatBytes, equalBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { ActorId, ChangeHash } from '#base/ids.ts'
import { ENTRY_BYTES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { genesisOf, readChange, writeChange, type ChangeFacts } from '#model/change.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { openLog } from '#model/log.ts'
import { anActor } from '../support/histories.ts'
import { flip, holds } from '../support/property.ts'

type Lists = Record<string, Uint8Array[]>

const alpha = anActor('alpha')
const bravo = anActor('bravo')
const genesis = genesisOf(DIRECTORY)

test('the first and every later change have the bytes and the hash that Automerge writes', async (t) => {
  const values = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), {
    minLength: 1,
    maxLength: 5,
  })

  holds(
    t,
    fc.property(values, (entries) => {
      const log = openLog(DIRECTORY)
      let theirs = begin(alpha)
      for (const value of entries) {
        theirs = push(theirs, alpha, value)

        const ours = log.add(log.next(alpha, value))

        const written = must(Automerge.getLastLocalChange(theirs), 'it has just written')
        assert.equal(hexFromBytes(ours.bytes), hexFromBytes(written))
        assert.equal(ours.hash, Automerge.decodeChange(written).hash)
        assert.deepEqual(log.heads(), Automerge.getHeads(theirs))
      }
    }),
    40,
  )
})

test('an actor’s changes have the same bytes whatever others wrote in the document', async (t) => {
  const log = openLog(DIRECTORY)
  const alone = openLog(DIRECTORY)
  for (const actor of [bravo, alpha, bravo, alpha])
    log.add(log.next(actor, Uint8Array.of(log.size())))
  for (const entry of [1, 3]) alone.add(alone.next(alpha, Uint8Array.of(entry)))

  for (const seq of [1, 2]) t.same(log.find(alpha, seq)?.bytes, alone.find(alpha, seq)?.bytes)
})

test('Automerge applies our changes and reads the entries out of them', async (t) => {
  const log = openLog(DIRECTORY)
  const entries = [Uint8Array.of(0), Uint8Array.of(9), new Uint8Array(ENTRY_BYTES_MAX).fill(7)]
  for (const value of entries) log.add(log.next(alpha, value))

  const [doc] = Automerge.applyChanges(
    Automerge.init<Lists>({ actor: '00' }),
    [genesis, ...log.since({})].map(({ bytes }) => bytes),
  )

  t.strictSame(must(doc[alpha], 'the list is there').map(hexFromBytes), entries.map(hexFromBytes))
})

test('large numbers are read back as they were written, and larger ones than there may be are refused', async (t) => {
  for (const seq of [2, 60, 63, 64, 8_190, 8_192, LIST_CHANGES_MAX]) {
    const change = writeChange({ ...aLaterChange(), seq })

    t.strictSame(readChange(change.bytes), change, `number ${seq}`)
  }
  t.equal(readBack({ seq: LIST_CHANGES_MAX + 1 }), undefined)
  t.equal(readBack({ seq: 0 }), undefined)
})

test('another dependency than one, and a counter that does not follow from the number, are refused', async (t) => {
  const change = writeChange(aLaterChange())
  const contents = change.bytes.subarray(10)
  t.equal(contents[0], 1)
  const startOp = 1 + 32 + 1 + 12 + 1
  t.equal(contents[startOp], aLaterChange().seq + 2)

  t.same(chunkOf(contents), change.bytes)
  t.ok(readChange(chunkOf(contents)))
  for (const wrong of [8, 10, 127])
    t.equal(readChange(chunkOf(withByte(contents, startOp, wrong))), undefined, `counter ${wrong}`)
  const twice = concatBytes(Uint8Array.of(2), contents.subarray(1, 33), contents.subarray(1))
  t.equal(readChange(chunkOf(twice)), undefined)
  t.equal(readChange(chunkOf(concatBytes(Uint8Array.of(0), contents.subarray(33)))), undefined)
})

test('the entry of a change is a view of its bytes: neither is kept twice, nor a larger piece it came in', async (t) => {
  const body = new Uint8Array(1_000).fill(7)
  const read = must(readChange(aFirstChange().bytes), 'it has our form')
  for (const change of [
    writeChange({ ...aLaterChange(), value: body.subarray(5, 9) }),
    writeChange({ ...aLaterChange(), seq: 1, value: body.subarray(5, 9) }),
    genesis,
    read,
  ]) {
    t.equal(change.value.buffer, change.bytes.buffer)
    t.equal(change.bytes.buffer.byteLength, change.bytes.length)
  }
})

test('an empty entry is refused: Automerge would write it in another form', async (t) => {
  t.equal(readChange(writeChange({ ...aLaterChange(), value: new Uint8Array(0) }).bytes), undefined)
})

test('an entry longer than the limit is refused', async (t) => {
  const most = writeChange({ ...aLaterChange(), value: new Uint8Array(ENTRY_BYTES_MAX) })
  const more = writeChange({ ...aLaterChange(), value: new Uint8Array(ENTRY_BYTES_MAX + 1) })

  t.ok(readChange(most.bytes))
  t.equal(readChange(more.bytes), undefined)
})

test('every change of a single byte is refused', async (t) => {
  for (const { bytes } of [aFirstChange(), writeChange(aLaterChange())]) {
    const accepted: string[] = []
    for (let place = 0; place < bytes.length; place += 1) {
      for (const mask of [0x01, 0x10, 0x80, 0xff]) {
        if (readChange(flip(bytes, place, mask)) !== undefined) accepted.push(`${place} ^ ${mask}`)
      }
    }
    t.strictSame(accepted, [])
  }
})

test('every truncation and every addition is refused', async (t) => {
  for (const { bytes } of [aFirstChange(), writeChange(aLaterChange())]) {
    const lengths = Array.from({ length: bytes.length }, (_, length) => length)

    t.strictSame(
      lengths.filter((length) => readChange(bytes.subarray(0, length)) !== undefined),
      [],
    )
    t.equal(readChange(Uint8Array.from([...bytes, 0])), undefined)
  }
})

test('whatever bytes come, nothing is thrown and nothing is accepted', async (t) => {
  const head = aFirstChange().bytes
  holds(
    t,
    fc.property(fc.nat(head.length), fc.uint8Array({ maxLength: 80 }), (kept, rest) => {
      const bytes = Uint8Array.from([...head.subarray(0, kept), ...rest])

      assert.ok(readChange(bytes) === undefined || equalBytes(bytes, head))
    }),
    500,
  )
})

test('changes of Automerge in any other form are refused', async (t) => {
  const one = { time: 0 }
  const others: Readonly<Record<string, (doc: Automerge.Doc<Lists>) => Automerge.Doc<Lists>>> = {
    'with a time': (doc) =>
      Automerge.change(doc, { time: 5 }, (draft) => void draft[alpha]?.push(Uint8Array.of(2))),
    'with a message': (doc) =>
      Automerge.change(doc, { message: 'hi', time: 0 }, (draft) => {
        draft[alpha]?.push(Uint8Array.of(2))
      }),
    'two entries': (doc) =>
      Automerge.change(doc, one, (draft) => {
        draft[alpha]?.push(Uint8Array.of(2), Uint8Array.of(3))
      }),
    'a deletion': (doc) => Automerge.change(doc, one, (draft) => void draft[alpha]?.splice(0, 1)),
    "another's list": (doc) => push(doc, bravo, Uint8Array.of(2)),
    'its list anew': (doc) =>
      Automerge.change(doc, one, (draft) => {
        draft[alpha] = [Uint8Array.of(2)]
      }),
  }
  for (const [name, edit] of Object.entries(others)) {
    const doc = edit(push(begin(alpha), alpha, Uint8Array.of(1)))
    const bytes = must(Automerge.getLastLocalChange(doc), 'it has just written')
    t.equal(readChange(bytes), undefined, name)
  }
  t.equal(readChange(genesis.bytes), undefined, 'the genesis is never taken from outside')
})

test('the genesis of a document is the same wherever it is made, and another for another document', async (t) => {
  t.equal(genesis.hash, genesisOf(DIRECTORY).hash)
  t.not(genesis.hash, genesisOf('c.x' as typeof DIRECTORY).hash)
  const [ours] = Automerge.applyChanges(Automerge.init<unknown>({ actor: '00' }), [genesis.bytes])
  t.same({ ...(ours as object) }, { id: bytesFromText('d') })
})

function begin(actor: ActorId): Automerge.Doc<Lists> {
  return Automerge.applyChanges(Automerge.init<Lists>({ actor }), [genesis.bytes])[0]
}

function push(doc: Automerge.Doc<Lists>, list: string, value: Uint8Array): Automerge.Doc<Lists> {
  return Automerge.change(doc, { time: 0 }, (draft) => {
    if (draft[list] === undefined) draft[list] = []
    draft[list]?.push(value)
  })
}

function aFirstChange() {
  return openLog(DIRECTORY).next(
    alpha,
    Uint8Array.from({ length: 40 }, (_, index) => index),
  )
}

function readBack(facts: Partial<ChangeFacts>): unknown {
  return readChange(writeChange({ ...aLaterChange(), ...facts }).bytes)
}

function aLaterChange(): ChangeFacts {
  return {
    actor: alpha,
    seq: 7,
    previous: hashOf(1),
    value: Uint8Array.from({ length: 40 }, (_, index) => index),
  }
}

/** The chunk with these contents, its checksum right. */
function chunkOf(contents: Uint8Array): Uint8Array {
  const tail = byteWriter()
  tail.byte(1)
  tail.block(contents)
  const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83)
  return concatBytes(magic, sha256(tail.bytes()).subarray(0, 4), tail.bytes())
}

function withByte(bytes: Uint8Array, place: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[place] = byte
  return copy
}

function hashOf(number: number): ChangeHash {
  return number.toString(16).padStart(64, '0') as ChangeHash
}

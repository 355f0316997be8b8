/** Our changes are Automerge's, byte for byte; whatever is not exactly such a change is refused. */
import assert from 'node:assert/strict'
import * as Automerge from '@automerge/automerge'
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, equalBytes, hexFromBytes } from '#base/bytes.ts'
import type { ActorId, ChangeHash } from '#base/ids.ts'
import { CHANGE_DEPENDENCIES_MAX, ENTRY_BYTES_MAX } from '#base/limits.ts'
import { genesisOf, readChange, writeChange, type ChangeFacts } from '#model/change.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { openLog } from '#model/log.ts'
import { anActor, take } from '../support/histories.ts'
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

test('a change that merges two heads has the bytes that Automerge writes', async (t) => {
  const log = openLog(DIRECTORY)
  const here = push(begin(alpha), alpha, Uint8Array.of(1))
  const there = push(begin(bravo), bravo, Uint8Array.of(2))
  for (const doc of [here, there]) {
    take(log, must(readChange(must(Automerge.getLastLocalChange(doc), 'written')), 'it is ours'))
  }

  const later = push(Automerge.merge(here, there), alpha, Uint8Array.of(3))
  const first = push(
    Automerge.merge(begin(anActor('chen')), later),
    anActor('chen'),
    Uint8Array.of(4),
  )

  const third = log.next(alpha, Uint8Array.of(3))
  t.equal(third.deps.length, 2)
  t.same(third.bytes, Automerge.getLastLocalChange(later))
  log.add(third)
  t.same(log.next(anActor('chen'), Uint8Array.of(4)).bytes, Automerge.getLastLocalChange(first))
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

test('large counters and many dependencies are read back as they were written', async (t) => {
  for (const counter of [63, 64, 8_191, 8_192, 2 ** 31, 2 ** 48, 2 ** 53 - 2]) {
    const facts = {
      ...aLaterChange(),
      seq: counter,
      startOp: counter,
      listOp: counter - 1,
      afterOp: counter - 1,
    }
    const change = writeChange(facts)

    t.strictSame(readChange(change.bytes), change, `counter ${counter}`)
  }
  const hashes = Array.from({ length: CHANGE_DEPENDENCIES_MAX + 1 }, (_, index) => hashOf(index))
  const most = writeChange({ ...aLaterChange(), deps: hashes.slice(1) })
  t.strictSame(readChange(most.bytes), most)
  t.equal(readChange(writeChange({ ...aLaterChange(), deps: hashes }).bytes), undefined)
})

test('dependencies out of order or twice, and a change number nought, are refused', async (t) => {
  const [low, high] = [hashOf(1), hashOf(2)].toSorted() as [ChangeHash, ChangeHash]

  t.ok(readBack({ deps: [low, high] }))
  t.equal(readBack({ deps: [high, low] }), undefined)
  t.equal(readBack({ deps: [low, low] }), undefined)
  t.equal(readBack({ seq: 0 }), undefined)
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
    startOp: 300,
    deps: [hashOf(1), hashOf(2)].toSorted(),
    listOp: 2,
    afterOp: 299,
    value: Uint8Array.from({ length: 40 }, (_, index) => index),
  }
}

function hashOf(number: number): ChangeHash {
  return number.toString(16).padStart(64, '0') as ChangeHash
}

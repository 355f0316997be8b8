/** Notes whose prints are cut short, too long, or say nothing. */
import { test } from 'tap'
import { decodeNote, encodeNote, restoreNote, shortenNote, type Note } from '#codec/note.ts'
import { segmentDocument } from '#model/document-id.ts'
import { anIdentity, rosterOf } from '../support/nodes.ts'
import { actorOf } from '#base/ids.ts'
import { ops } from '../support/sync.ts'

test('malformed prints are refused, whatever is cut off or added, and never throw anything else', async (t) => {
  const people = [anIdentity('alpha', 1), anIdentity('bravo', 2)]
  const roster = rosterOf(people)
  const actors = people.map(({ certificate }) =>
    actorOf(certificate.node, Uint8Array.of(1, 2, 3, 4)),
  )
  const clock = Object.fromEntries(actors.map((actor, index) => [actor, 5 + index]))
  const prints = Object.fromEntries(actors.map((actor, index) => [actor, 300 + index]))
  const items = [0, 1].map((index) => ({
    document: segmentDocument(ops, 'routine', index),
    clock,
    read: {},
    prints,
  }))
  for (const kind of ['receipt', 'have'] as const) {
    const note: Note = { kind, isWhole: false, items }
    const body = encodeNote(note, roster)
    t.strictSame(decodeNote(body, roster), note)
    for (let end = 0; end < body.length; end += 1)
      if (decodeNote(body.subarray(0, end), roster) !== undefined) t.fail(`cut at ${end}`)
    for (const more of [1, 2, 3])
      t.equal(decodeNote(Uint8Array.from([...body, ...new Uint8Array(more)]), roster), undefined)
    for (let at = 0; at < body.length; at += 1)
      for (let bit = 0; bit < 256; bit += 1) {
        const other = Uint8Array.from(body)
        other[at] = bit
        const found = decodeNote(other, roster)
        if (found === undefined) continue
        for (const { prints: said = {} } of found.items)
          for (const print of Object.values(said))
            if (!(print > 0 && print < 65_536)) t.fail('print')
      }
    // prints come back from the short form
    t.strictSame(restoreNote(shortenNote(body, 'directory'), 'directory'), body)
  }
})

/** What is lacking here, put into words. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import type { DocumentId } from '#base/ids.ts'
import { decodeNote } from '#codec/note.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import type { ContactState } from '#sync/contact-state.ts'
import { range } from '#sync/keys.ts'
import { unpack, type NoteRecord } from '#sync/records.ts'
import { askFor } from '#sync/wanting.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, routine } from '../support/sync.ts'

const alpha = anIdentity('alpha', 1)
const peer = alpha.certificate.node

test('the keys document is asked for in a note of its own, by which nothing else is told', async (t) => {
  const wanted = [DIRECTORY, KEYS, routine]
  t.strictSame(await asked(wanted), [[KEYS], [DIRECTORY, routine]])
  t.strictSame(await asked([KEYS]), [[KEYS]])
  t.strictSame(await asked([routine]), [[routine]])
  t.strictSame(await asked([]), [])
})

/** The documents in each note that asks for these. */
async function asked(wanted: readonly DocumentId[]): Promise<readonly (readonly DocumentId[])[]> {
  await using bravo = await aSync('bravo', { knows: [alpha] })
  const { replica, roster } = bravo.context
  const state: ContactState = {
    peer,
    carrier: 'test',
    receiptDelayMs: 0,
    left: [],
    flying: new Set(),
    wanted: new Map(),
    refused: new Map(),
  }
  await replica.commit((tx) => askFor(tx, bravo.context, { state, wanted }))
  return (await replica.read.list(range.notes(peer))).map(([, bytes]) => {
    const { body } = must(unpack<NoteRecord>(bytes), 'a note lies there')
    return must(decodeNote(body, roster), 'it is a note').items.map(({ document }) => document)
  })
}
